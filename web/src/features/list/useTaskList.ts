import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { reason, tasks as api, type Message, type TaskQuery } from '@/api'
import { useCategory, type Scope } from '@/features/filters/scope'
import { finder, matcher } from '@/features/filters/state'
import { useProjects } from '@/features/projects/store'
import { useStream } from '@/features/realtime/stream'
import { useSession } from '@/features/session/store'
import type { StoredTask } from '@/features/tasks/model'
import { useTasks } from '@/features/tasks/store'
import { online } from '@/lib/online'
import { comparator, toApi, type ListState } from './query'

const PAGE = 100
/** Words are asked for once somebody stops typing; what is here answers meanwhile. */
const PAUSE = 200
/** More unknown tasks than this in one message: reading the list again is cheaper than each of them. */
const FEW = 20

/**
 * A filtered, sorted list of tasks that stays right while others work: what is loaded comes from the task store, so a change
 * moves, adds or removes a row at once. What lies behind the last loaded row is left to the next page.
 */
export function useTaskList(scope: () => Scope, state: () => ListState) {
  const tasks = useTasks()
  const projects = useProjects()
  const session = useSession()
  const stream = useStream()
  const category = useCategory()

  const cursor = ref<string | null>(null)
  const last = shallowRef<StoredTask | null>(null)
  /** Found by the server for the words of `q`. */
  const found = shallowRef<ReadonlySet<string>>(new Set())
  const trash = shallowRef<StoredTask[]>([])
  const loading = ref(true)
  const failure = ref('')
  let run = 0

  function place(): TaskQuery {
    const it = scope()
    return it.kind === 'project' ? { project_id: it.id } : it.kind === 'team' ? { team_id: it.id } : { assigned_to: 'me' }
  }
  function within(task: StoredTask): boolean {
    const it = scope()
    return it.kind === 'project' ? task.project_id === it.id : it.kind === 'team' ? task.team_id === it.id : task.assigned_to === session.user?.id
  }
  async function load(more = false): Promise<void> {
    const mine = ++run
    const wanted = state()
    loading.value = true
    failure.value = ''
    try {
      const page = await api.list({ ...toApi(wanted), ...place(), limit: PAGE, ...(more && { cursor: cursor.value }) })
      if (mine !== run) return
      if (wanted.deleted) trash.value = more ? [...trash.value, ...page.items] : page.items
      tasks.acceptAll(page.items)
      found.value = wanted.q ? new Set([...(more ? found.value : []), ...page.items.map(t => t.id)]) : new Set()
      cursor.value = page.next_cursor
      last.value = page.items.at(-1) ?? null
    } catch (error) {
      if (mine === run) failure.value = reason(error)
    } finally {
      if (mine === run) loading.value = false
    }
  }
  const rank = (task: StoredTask): string => projects.status(task.project_id, task.status)?.position ?? ''
  const rows = computed((): StoredTask[] => {
    const wanted = state()
    const order = comparator(wanted, rank)
    const end = cursor.value === null ? null : last.value
    const [is, has] = [matcher(wanted, { me: session.user?.id, category }), finder(wanted.q)]
    const pool = wanted.deleted ? trash.value.map(t => tasks.view(t.id) ?? t) : tasks.known(within)
    return pool
      .filter(t => within(t) && Boolean(t.deleted_at) === wanted.deleted && is(t) && (!wanted.q || has(t) || found.value.has(t.id)) && (!end || order(t, end) <= 0))
      .sort(order)
  })

  let timer: ReturnType<typeof setTimeout> | undefined
  function loadSoon(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => void load(), ms)
  }
  onScopeDispose(() => clearTimeout(timer))
  watch([() => JSON.stringify(scope()), () => JSON.stringify({ ...state(), q: '' }), () => state().q], ([place, fields], [oldPlace, oldFields]) => {
    cursor.value = null
    last.value = null
    if (place !== oldPlace || fields !== oldFields) {
      clearTimeout(timer)
      found.value = new Set()
      return void load()
    }
    // What was found for other words may not have these; until the server says so, what is here decides.
    run++
    loading.value = true
    found.value = new Set()
    loadSoon(PAUSE)
  }, { immediate: true })

  watch(online, is => { if (is && failure.value) void load() })

  onScopeDispose(stream.listen(message => {
    const { q, deleted } = state()
    if (!message.type.startsWith('task.') && !(q && message.type.startsWith('comment.'))) return
    // With words, and in the trash, only the server knows what a change means for the list.
    if (q || deleted) return loadSoon(500)
    const unknown = idsOf(message).filter(id => !tasks.server.has(id))
    if (unknown.length > FEW) loadSoon(500)
    else for (const id of unknown) void tasks.fetchTask(id).catch(() => undefined)
  }))
  // One's own tasks come over one's own stream, and over those of the teams that are followed.
  onScopeDispose(stream.onRestart(teamId => {
    const it = scope()
    if (it.kind === 'mine' || (it.kind === 'team' ? it.id : projects.byId(it.id)?.team_id) === teamId) loadSoon(0)
  }))

  const more = (): void => { if (cursor.value !== null && !loading.value) void load(true) }
  return { rows, cursor, loading, failure, reload: () => load(), more }
}

/** The tasks that a message is about and that are still there. */
function idsOf(message: Message): string[] {
  if (message.type === 'task.deleted') return []
  if ('tasks' in message) return message.tasks.map(t => t.task_id)
  return 'task_id' in message ? [message.task_id] : []
}
