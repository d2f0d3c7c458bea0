import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { reason, tasks as api } from '@/api'
import { useProjects } from '@/features/projects/store'
import { useStream } from '@/features/realtime/stream'
import { useSession } from '@/features/session/store'
import type { StoredTask } from '@/features/tasks/model'
import { useTasks } from '@/features/tasks/store'
import { online } from '@/lib/online'
import { comparator, matches, toApi, type ListState } from './query'

const PAGE = 100

/**
 * A filtered, sorted list of a project's tasks that stays right while others work: what is loaded comes from the task
 * store, so a change moves, adds or removes a row at once. What lies behind the last loaded row is left to the next page.
 */
export function useTaskList(projectId: () => string, state: () => ListState) {
  const tasks = useTasks()
  const projects = useProjects()
  const session = useSession()
  const stream = useStream()

  const cursor = ref<string | null>(null)
  const last = shallowRef<StoredTask | null>(null)
  /** Found by the server for the words of `q`; null: no words. */
  const found = shallowRef<ReadonlySet<string> | null>(null)
  const trash = shallowRef<StoredTask[]>([])
  const loading = ref(true)
  const failure = ref('')
  let run = 0

  async function load(more = false): Promise<void> {
    const mine = ++run
    const wanted = state()
    loading.value = true
    failure.value = ''
    try {
      const page = await api.list({ ...toApi(projectId(), wanted), limit: PAGE, ...(more && { cursor: cursor.value }) })
      if (mine !== run) return
      if (wanted.deleted) trash.value = more ? [...trash.value, ...page.items] : page.items
      tasks.acceptAll(page.items)
      found.value = wanted.q ? new Set([...(more ? (found.value ?? []) : []), ...page.items.map(t => t.id)]) : null
      cursor.value = page.next_cursor
      last.value = page.items.at(-1) ?? null
    } catch (error) {
      if (mine === run) failure.value = reason(error)
    } finally {
      if (mine === run) loading.value = false
    }
  }
  const rows = computed((): StoredTask[] => {
    const wanted = state()
    const order = comparator(wanted, projects.statusesOf(projectId()).map(s => s.slug))
    const end = cursor.value === null ? null : last.value
    const pool = wanted.deleted
      ? trash.value.map(t => tasks.view(t.id) ?? t)
      : tasks.known(t => t.project_id === projectId())
    return pool
      .filter(t => t.project_id === projectId() && matches(wanted, t, session.user?.id) && (found.value?.has(t.id) ?? !wanted.q) && (!end || order(t, end) <= 0))
      .sort(order)
  })

  watch([projectId, () => JSON.stringify(state())], () => {
    cursor.value = null
    last.value = null
    found.value = null
    void load()
  }, { immediate: true })

  watch(online, is => { if (is && failure.value) void load() })

  // With words, and in the trash, only the server knows what a change means for the list.
  let timer: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(stream.listen(message => {
    const { q, deleted } = state()
    if (!message.type.startsWith('task.') && !(q && message.type.startsWith('comment.'))) return
    if (!q && !deleted) return
    clearTimeout(timer)
    timer = setTimeout(() => void load(), 500)
  }))
  onScopeDispose(() => clearTimeout(timer))

  const more = (): void => { if (cursor.value !== null && !loading.value) void load(true) }
  return { rows, cursor, loading, failure, reload: () => load(), more }
}
