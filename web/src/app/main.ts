import { createPinia } from 'pinia'
import { createApp } from 'vue'
import '@/style.css'
import { useProjects } from '@/features/projects/store'
import { holdSnapshot } from '@/features/projects/snapshot'
import { useSession } from '@/features/session/store'
import { useUnread } from '@/features/notifications/unread'
import { useTeams } from '@/features/teams/store'
import App from './App.vue'
import { makeRouter } from './router'

const app = createApp(App).use(createPinia())

const boot = await useSession().start()
if (boot?.user) {
  if (boot.teams) useTeams().setTeams(boot.teams)
  if (boot.teams && boot.projects) useProjects().seed(boot.projects, boot.teams.map(t => t.id))
  if (boot.board) holdSnapshot(boot.board)
  useUnread().seed(boot.unread)
}

const router = makeRouter()
app.use(router)
// The skeleton stays until the page can take its place.
await router.isReady().catch(() => undefined)
app.mount('#app')
