import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { comments as api, reason, type Comment } from '@/api'
import { useStream } from '@/features/realtime/stream'
import type { StoredTask } from '@/features/tasks/model'

const PAGE = 100

/** The comments of a task, oldest first, live for as long as the component is. */
export function useComments(task: () => StoredTask) {
  const stream = useStream()
  const items = shallowRef<Comment[]>([])
  const loaded = ref(false)
  const failure = ref('')
  const id = task().id

  function put(comment: Comment): void {
    const held = items.value.find(c => c.id === comment.id)
    if (held && held.version > comment.version) return
    items.value = [...items.value.filter(c => c.id !== comment.id), comment].sort((a, b) => (a.created_at === b.created_at ? (a.id < b.id ? -1 : 1) : a.created_at < b.created_at ? -1 : 1))
  }
  function drop(commentId: string): void {
    items.value = items.value.filter(c => c.id !== commentId)
  }
  let running: Promise<void> | null = null
  /** Reads all of them; what comes over the stream meanwhile is newer and stays. */
  function load(): Promise<void> {
    return (running ??= read().then(() => { failure.value = '' }, (error: unknown) => { failure.value = reason(error) }).finally(() => { running = null }))
  }
  async function read(): Promise<void> {
    const seen = new Set<string>()
    const before = new Set(items.value.map(c => c.id))
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof api.list>> = await api.list(id, { limit: PAGE, cursor })
      for (const comment of page.items) {
        seen.add(comment.id)
        put(comment)
      }
      cursor = page.next_cursor
    } while (cursor)
    items.value = items.value.filter(c => seen.has(c.id) || !before.has(c.id))
    loaded.value = true
  }
  void load()

  onScopeDispose(stream.listen(message => {
    if (!('task_id' in message) || message.task_id !== id) return
    if (message.type === 'comment.added' || message.type === 'comment.updated') put(message.comment)
    else if (message.type === 'comment.deleted') drop(message.comment.id)
  }))
  // After a gap in the stream the number tells that something was missed.
  watch(() => task().comment_count, count => { if (loaded.value && count !== items.value.length) void load() }, { flush: 'post' })

  return { items, loaded, failure, load, put, drop }
}
