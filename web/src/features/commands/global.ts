import type { Router } from 'vue-router'
import type { Theme } from '@/api'
import { reason } from '@/api'
import { savedState, useSavedFilters } from '@/features/filters/saved'
import { queryOf } from '@/features/filters/state'
import { useProjects } from '@/features/projects/store'
import { useSession } from '@/features/session/store'
import { useTasks } from '@/features/tasks/store'
import { useTeams } from '@/features/teams/store'
import { applyTheme } from '@/lib/theme'
import { closePalette, openPalette, step, type Item, type Step } from './palette'
import { commands, type CommandId } from './catalogue'
import { creating, helping } from './open'
import { handlerOf, type Handler, type Handlers } from './registry'
import { focusedTask, openTask } from '@/features/selection/view'
import { returnTo, stepOf } from './tasks'
import { useToast } from '@/ui/toast'

/** What can be done on every page. */
export function globalCommands(router: Router): Handlers {
  const projects = useProjects()
  const saved = useSavedFilters()
  const session = useSession()
  const tasks = useTasks()
  const teams = useTeams()

  /** The project one is in, or was in last. */
  const project = (): string | undefined => (router.currentRoute.value.params.projectId as string | undefined) ?? projects.lastId ?? undefined
  const go = (name: string, params: () => Record<string, string> | undefined = () => ({})): Handler => ({
    run: () => void router.push({ name, params: params()! }),
    when: () => router.hasRoute(name) && params() !== undefined,
  })
  const inProject = () => { const projectId = project(); return projectId ? { projectId } : undefined }
  const inTeam = () => { const team = teams.current; return team ? { teamId: team.id } : undefined }
  const theme = (value: Theme) => (): void => {
    applyTheme(value)
    session.update({ theme: value }).catch((error: unknown) => useToast().error(`Could not save the theme. ${reason(error)}`))
  }

  /** All that can be done now, and where one can go. */
  function first(): Step {
    const back = focusedTask()
    return {
      title: '', placeholder: 'Type a command, a task’s key or words…', items,
      after: () => { if (back && !openTask.value && document.activeElement === document.body) returnTo(back) },
    }
  }
  // The page's own focus is gone while the palette is open: what a command was about is decided before.
  const STEPS: Partial<Record<CommandId, Parameters<typeof stepOf>[0]>> = { 'task.move': 'move', 'task.assign': 'assign', 'task.priority': 'priority', 'task.labels': 'labels', 'task.due': 'due' }
  function offered(): Item[] {
    return commands.flatMap(([id, { label, group, icon, keys, byKeyOnly, native }]): Item[] => {
      const run = handlerOf(id)
      if (!run || byKeyOnly || native) return []
      const asks = STEPS[id]
      const made = asks && stepOf(asks)
      return [{ id, label, group, ...(icon && { icon }), ...(keys?.[0] && { keys: keys[0] }), ...(made ? { step: () => made } : { run }) }]
    })
  }
  function items(query: string): Item[] {
    if (!now) return []
    const places = teams.current ? projects.ofTeam(teams.current.id).map((p): Item => ({ id: `project:${p.id}`, label: p.name, hint: p.key, group: 'Projects', icon: 'board', to: { name: 'board', params: { projectId: p.id } } })) : []
    const others = teams.teams.filter(t => t.id !== teams.current?.id).map((t): Item => ({ id: `team:${t.id}`, label: t.name, hint: 'Team', group: 'Teams', icon: 'users', to: { name: 'team', params: { teamId: t.id } } }))
    const team = teams.current
    const people = query.trim() && team ? teams.membersOf(team.id).map((m): Item => ({
      id: `person:${m.id}`, label: m.name, hint: `@${m.username}`, group: 'People', user: m,
      to: router.hasRoute('team-tasks') ? { name: 'team-tasks', params: { teamId: team.id }, query: { assignee: m.id, open: '1' } } : { name: 'team-members', params: { teamId: team.id } },
    })) : []
    return [...now, ...places, ...filters(), ...others, ...people]
  }
  /** Saved filters of the project one is in, and of one's own tasks: on the view one has before oneself, if it can be filtered. */
  function filters(): Item[] {
    const { name } = router.currentRoute.value
    const at = project()
    const view = (names: readonly string[]): string => names.find(n => n === name) ?? names[0]!
    return [at ?? '', ''].filter((place, i, all) => all.indexOf(place) === i).flatMap(place => saved.of(place).map((f): Item => ({
      id: `filter:${f.id}`, label: f.name, hint: place ? (projects.byId(place)?.name ?? '') : 'My tasks', group: 'Saved filters', icon: 'bookmark',
      to: { ...(place ? { name: view(['list', 'board', 'calendar']), params: { projectId: place } } : { name: view(['mine', 'my-calendar']) }), query: queryOf(savedState(f)) },
    })))
  }
  /** Decided when it opens. */
  let now: Item[] | null = null
  function palette(): void {
    if (step.value) return closePalette()
    now = offered()
    for (const place of [project() ?? '', '']) void saved.load(place).catch(() => undefined)
    const order = (item: Item): number => (item.group === 'Tasks' ? 0 : item.group === 'Select' ? 1 : item.group === 'General' ? 2 : 3)
    now.sort((a, b) => order(a) - order(b))
    openPalette(first())
  }

  return {
    'palette': palette,
    'search': { run: () => void router.push({ name: 'search' }) },
    'task.new': { run: () => { creating.value = true }, when: () => { const id = project(); const at = id ? projects.byId(id) : undefined; return at !== undefined && teams.canEdit(at.team_id) } },
    'undo': { run: () => void tasks.undo(), when: () => tasks.undoStack.length > 0 },
    'redo': { run: () => void tasks.redo(), when: () => tasks.redoStack.length > 0 },
    'help': () => { helping.value = true },
    'theme.system': theme('system'), 'theme.light': theme('light'), 'theme.dark': theme('dark'),
    'settings': go('settings-profile'),
    'go.board': go('board', inProject), 'go.list': go('list', inProject), 'go.calendar': go('calendar', inProject),
    'go.analytics': go('project-analytics', inProject), 'go.mine': go('mine'), 'go.notifications': go('notifications'), 'go.team': go('team-members', inTeam),
  }
}
