import { useToast } from '@/ui/toast'
import { nextTick, type Component } from 'vue'
import { createRouter, createWebHistory, type RouteLocationNormalized, type Router } from 'vue-router'
import { useProjects } from '@/features/projects/store'
import { afterLogin } from '@/features/session/next'
import { useSession } from '@/features/session/store'
import { useTeams } from '@/features/teams/store'
import { announce } from '@/lib/announce'
import { setTitle } from '@/lib/title'

declare module 'vue-router' {
  interface RouteMeta {
    /** For people who are not logged in: `only` sends the others home. */
    public?: 'only' | 'also'
    /** Without sidebar. */
    plain?: boolean
    title?: string
  }
}

export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
    routes: [
      { path: '/login', name: 'login', component: () => import('@/features/auth/LoginPage.vue'), meta: { public: 'only', plain: true, title: 'Log in' } },
      { path: '/register', name: 'register', component: () => import('@/features/auth/RegisterPage.vue'), meta: { public: 'only', plain: true, title: 'Sign up' } },
      { path: '/forgot', name: 'forgot', component: () => import('@/features/auth/ForgotPage.vue'), meta: { public: 'also', plain: true, title: 'Reset your password' } },
      { path: '/reset', name: 'reset', component: () => import('@/features/auth/ResetPage.vue'), meta: { public: 'also', plain: true, title: 'Choose a new password' } },
      { path: '/invite/:token', name: 'invite', component: () => import('@/features/auth/InvitePage.vue'), props: true, meta: { public: 'also', plain: true, title: 'Invitation' } },
      { path: '/verify', name: 'verify', component: () => import('@/features/auth/VerifyPage.vue'), meta: { public: 'also', plain: true, title: 'Confirm your address' } },
      { path: '/unsubscribe/:token', name: 'unsubscribe', component: () => import('@/features/auth/UnsubscribePage.vue'), props: true, meta: { public: 'also', plain: true, title: 'Mail settings' } },
      { path: '/', name: 'home', component: () => import('@/features/start/StartPage.vue'), beforeEnter: toWork, meta: { plain: true, title: 'Welcome' } },
      {
        path: '/t/:teamId', name: 'team', component: () => import('@/features/team/TeamPage.vue'), props: true, redirect: to => ({ name: 'team-projects', params: to.params }),
        children: [
          { path: 'projects', name: 'team-projects', component: () => import('@/features/team/TeamProjects.vue'), props: true, meta: { title: 'Projects' } },
          { path: 'analytics', name: 'team-analytics', component: () => import('@/features/analytics/TeamAnalytics.vue'), props: true, meta: { title: 'Analytics' } },
          { path: 'members/:userId/analytics', name: 'member-analytics', component: () => import('@/features/analytics/MemberAnalytics.vue'), props: true, meta: { title: 'Analytics' } },
          { path: 'members', name: 'team-members', component: () => import('@/features/team/TeamMembers.vue'), props: true, meta: { title: 'Members' } },
          { path: 'labels', name: 'team-labels', component: () => import('@/features/team/TeamLabels.vue'), props: true, meta: { title: 'Labels' } },
          { path: 'settings', name: 'team-settings', component: () => import('@/features/team/TeamSettings.vue'), props: true, meta: { title: 'Team settings' } },
        ],
      },
      { path: '/t/:teamId/tasks/:key?', name: 'team-tasks', component: () => import('@/features/list/TeamTasksPage.vue'), props: to => ({ teamId: to.params.teamId }) },
      {
        // `props: true` would hand on the parameter `key` too, which to Vue means another component.
        path: '/p/:projectId', name: 'project', component: () => import('@/features/project/ProjectPage.vue'), props: to => ({ projectId: to.params.projectId }), redirect: to => ({ name: 'board', params: to.params }),
        children: [
          { path: 'board/:key?', name: 'board', component: () => import('@/features/board/BoardPage.vue'), props: to => ({ projectId: to.params.projectId }) },
          { path: 'analytics', name: 'project-analytics', component: () => import('@/features/analytics/ProjectAnalytics.vue'), props: to => ({ projectId: to.params.projectId }) },
          { path: 'calendar/:key?', name: 'calendar', component: () => import('@/features/calendar/CalendarPage.vue'), props: to => ({ projectId: to.params.projectId }) },
          { path: 'list/:key?', name: 'list', component: () => import('@/features/list/ListPage.vue'), props: to => ({ projectId: to.params.projectId }) },
        ],
      },
      {
        path: '/p/:projectId/settings', name: 'project-settings', component: () => import('@/features/project/ProjectSettings.vue'), props: true, redirect: to => ({ name: 'project-general', params: to.params }),
        children: [
          { path: 'general', name: 'project-general', component: () => import('@/features/project/ProjectSettingsGeneral.vue'), props: true, meta: { title: 'Project settings' } },
          { path: 'statuses', name: 'project-statuses', component: () => import('@/features/project/ProjectSettingsStatuses.vue'), props: true, meta: { title: 'Statuses' } },
          { path: 'labels', name: 'project-labels', component: () => import('@/features/project/ProjectSettingsLabels.vue'), props: true, meta: { title: 'Labels' } },
          { path: 'import', name: 'project-import', component: () => import('@/features/project/ProjectSettingsImport.vue'), props: true, meta: { title: 'Import' } },
          { path: 'export', name: 'project-export', component: () => import('@/features/project/ProjectSettingsExport.vue'), props: true, meta: { title: 'Export' } },
        ],
      },
      { path: '/admin/jobs/:rest(.*)*', name: 'jobs', component: { render: () => null }, beforeEnter: leave },
      { path: '/me/analytics', name: 'my-analytics', component: () => import('@/features/analytics/MyAnalytics.vue'), meta: { title: 'My figures' } },
      { path: '/notifications', name: 'notifications', component: () => import('@/features/notifications/NotificationsPage.vue'), meta: { title: 'Notifications' } },
      { path: '/my/calendar/:projectId?/:key?', name: 'my-calendar', component: () => import('@/features/mine/MyCalendarPage.vue'), meta: { title: 'My calendar' } },
      { path: '/my/:projectId?/:key?', name: 'mine', component: () => import('@/features/mine/MinePage.vue'), meta: { title: 'My tasks' } },
      { path: '/search', name: 'search', component: () => import('@/features/search/SearchPage.vue'), meta: { title: 'Search' } },
      {
        path: '/settings', name: 'settings', component: () => import('@/features/account/SettingsPage.vue'), redirect: { name: 'settings-profile' },
        children: [
          { path: 'profile', name: 'settings-profile', component: () => import('@/features/account/SettingsProfile.vue'), meta: { title: 'Profile' } },
          { path: 'notifications', name: 'settings-notifications', component: () => import('@/features/account/SettingsNotifications.vue'), meta: { title: 'Notification settings' } },
          { path: 'sessions', name: 'settings-sessions', component: () => import('@/features/account/SettingsSessions.vue'), meta: { title: 'Sessions' } },
          { path: 'password', name: 'settings-password', component: () => import('@/features/account/SettingsPassword.vue'), meta: { title: 'Password' } },
        ],
      },
      {
        path: '/admin', name: 'admin', component: () => import('@/features/admin/AdminPage.vue'), redirect: { name: 'admin-mails' },
        children: [
          { path: 'mails', name: 'admin-mails', component: () => import('@/features/admin/AdminMails.vue'), meta: { title: 'Mails' } },
          { path: 'mail-previews', name: 'admin-mail-previews', component: () => import('@/features/admin/AdminMailPreviews.vue'), meta: { title: 'Mail previews' } },
        ],
      },
      { path: '/:path(.*)*', name: 'not-found', component: () => import('./NotFoundPage.vue'), meta: { public: 'also', plain: true, title: 'Not found' } },
    ],
  })

  // The router begins to load all parts of a nested page, and stops at the first that fails: the others' failure is no news.
  for (const { components } of router.getRoutes()) {
    for (const [name, load] of Object.entries(components ?? {})) {
      if (typeof load !== 'function') continue
      components![name] = () => {
        const loading = (load as () => Promise<Component>)()
        loading.catch(() => undefined)
        return loading
      }
    }
  }

  router.beforeEach(async to => {
    const session = useSession()
    if (!session.loggedIn) return to.meta.public ? true : { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
    if (to.meta.public === 'only') return afterLogin(to)
    // The sidebar can wait for an answer, the first page decision cannot.
    const teams = useTeams()
    if (!teams.loaded && !to.meta.public) await teams.loadTeams().catch(() => undefined)
    return true
  })
  router.afterEach((to, from, failure) => {
    if (failure) return
    setTitle(to.meta.title)
    // A dialog over the same page looks after its own focus.
    if (!from.matched.length || to.matched.at(-1) === from.matched.at(-1)) return
    void nextTick(() => {
      ;(document.querySelector<HTMLElement>('#main [autofocus]') ?? document.querySelector<HTMLElement>('[data-heading]'))?.focus({ preventScroll: true })
      if (to.meta.title) announce(to.meta.title)
    })
  })
  // After an update of the server the old page's chunks are gone: load the new page instead.
  router.onError((error: Error, to) => {
    if (!notLoaded(error) || sessionStorage.getItem('tandem:reloaded') === to.fullPath) return
    // A new version has other files; without a network, leaving the page would lose the app.
    void fetch('/healthz', { cache: 'no-store' }).then(answer => {
      if (!answer.ok) throw new Error()
      sessionStorage.setItem('tandem:reloaded', to.fullPath)
      location.assign(to.fullPath)
    }).catch(() => useToast().error('This page cannot be opened without a connection.'))
  })
  // That is all there is to say about it: who goes somewhere and does not wait has nothing to add.
  for (const method of ['push', 'replace'] as const) {
    const go = router[method].bind(router)
    router[method] = to => go(to).catch((error: unknown) => { if (!notLoaded(error)) throw error })
  }
  return router
}

const notLoaded = (error: unknown): boolean => /dynamically imported module|Importing a module script failed|error loading/i.test(String(error))

/** Pages of the server's own: the browser has to load them. */
function leave(to: RouteLocationNormalized): false {
  location.assign(to.fullPath)
  return false
}

/** "/" is the last project, else any project, else the team; only without all that it is the first run. */
async function toWork(to: RouteLocationNormalized): Promise<true | { name: string; params: Record<string, string> }> {
  if (to.query.invite) return true // somebody came to answer it
  const teams = useTeams()
  const projects = useProjects()
  if (!teams.loaded) await teams.loadTeams().catch(() => undefined)
  const team = teams.current
  if (!team) return true
  await projects.loadTeam(team.id).catch(() => undefined)
  const last = projects.lastId ? projects.byId(projects.lastId) : undefined
  const project = last ?? projects.ofTeam(team.id)[0]
  if (project) return { name: 'board', params: { projectId: project.id } }
  return teams.canManage(team.id) ? true : { name: 'team-projects', params: { teamId: team.id } }
}
