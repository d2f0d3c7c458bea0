import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { reason, search, searchPeople, type SearchHit, type User } from '@/api'
import { useTasks } from '@/features/tasks/store'

export type Kind = 'tasks' | 'comments' | 'people'
export interface Asked { q: string; project: string }
const QUIET = 150
const PAGE = 50

interface List<T> { items: readonly T[]; cursor: string | null }
const none = { items: [], cursor: null }

/** Tasks, comments and people with these words, each on its own list, as one types. */
export function useSearch(asked: () => Asked) {
  const store = useTasks()
  const tasks = shallowRef<List<SearchHit>>(none)
  const comments = shallowRef<List<SearchHit>>(none)
  const people = shallowRef<List<User>>(none)
  const failure = ref('')
  const busy = ref(false)
  /** What the lists answer. */
  const answered = ref('')
  let asking: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  async function ask({ q, project }: Asked): Promise<void> {
    const { signal } = (asking = new AbortController())
    const scope = { project_id: project || undefined, limit: PAGE, signal }
    try {
      const [found, said, known] = await Promise.all([search(q, { ...scope, type: 'task' }), search(q, { ...scope, type: 'comment' }), searchPeople(q, { limit: PAGE, signal })])
      store.acceptAll(found.items.map(hit => hit.task)) // what one finds can be changed
      tasks.value = { items: found.items, cursor: found.next_cursor }
      comments.value = { items: said.items, cursor: said.next_cursor }
      people.value = { items: known.items, cursor: null }
      answered.value = q
      failure.value = ''
    } catch (error) {
      if (!signal.aborted) failure.value = reason(error)
    } finally {
      if (!signal.aborted) busy.value = false
    }
  }
  async function more(kind: 'tasks' | 'comments'): Promise<void> {
    const list = kind === 'tasks' ? tasks : comments
    const { q, project } = asked()
    const { cursor, items } = list.value
    if (!cursor) return
    try {
      const page = await search(q, { project_id: project || undefined, limit: PAGE, cursor, type: kind === 'tasks' ? 'task' : 'comment' })
      if (list.value.cursor === cursor) list.value = { items: [...items, ...page.items], cursor: page.next_cursor }
    } catch (error) {
      failure.value = reason(error)
    }
  }
  watch(asked, now => {
    asking?.abort()
    clearTimeout(timer)
    busy.value = now.q !== ''
    if (now.q) timer = setTimeout(() => void ask(now), QUIET)
    else {
      tasks.value = comments.value = people.value = none
      answered.value = failure.value = ''
    }
  }, { immediate: true })
  onScopeDispose(() => {
    clearTimeout(timer)
    asking?.abort()
  })
  return { tasks, comments, people, failure, busy, answered, more, again: () => void ask(asked()) }
}
