import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { comments as api, reason, type Comment } from '@/api'
import { useStream } from '@/features/realtime/stream'
import { useSession } from '@/features/session/store'
import type { Back, StoredTask } from '@/features/tasks/model'
import { useTasks } from '@/features/tasks/store'
import { online } from '@/lib/online'
import { withLayers } from './layers'

const PAGE = 100

/** The comments of a task, oldest first, live for as long as the component is; one's own changes show at once. */
export function useComments(task: () => StoredTask) {
  const stream = useStream()
  const session = useSession()
  const tasks = useTasks()
  const items = shallowRef<Comment[]>([])
  const loaded = ref(false)
  const failure = ref('')
  const id = task().id
  const shown = computed(() => withLayers(items.value, tasks.pending, id, session.user, tasks.idOf))

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
  // Those of a deleted task cannot be read until it is restored.
  watch(() => Boolean(task().deleted_at), deleted => { if (!deleted && !loaded.value) void load() }, { immediate: true })

  onScopeDispose(stream.listen(message => {
    if (!('task_id' in message) || message.task_id !== id) return
    if (message.type === 'comment.added' || message.type === 'comment.updated') put(message.comment)
    else if (message.type === 'comment.deleted') drop(message.comment.id)
  }))
  // The answers to one's own, which may come before their echo or without it.
  const answered: Parameters<typeof tasks.commented.add>[0] = (op, comment) => {
    if (!('task_id' in op) || tasks.idOf(op.task_id) !== id) return
    if (op.kind === 'comment-delete') drop(tasks.idOf(op.comment_id))
    else if (comment) put(comment)
  }
  tasks.commented.add(answered)
  onScopeDispose(() => tasks.commented.delete(answered))
  // After a gap in the stream the number tells that something was missed. A server that was out of reach is asked again.
  watch(online, is => { if (is && failure.value) void load() })
  watch(() => tasks.server.get(id)?.comment_count, count => { if (loaded.value ? count !== items.value.length : failure.value) void load() }, { flush: 'post' })

  const counted = (more: number): [string, { comment_count: number }][] => [[id, { comment_count: Math.max(0, task().comment_count + more) }]]
  const add = (body: string, back: Back): Promise<boolean> => tasks.mutate({ kind: 'comment', task_id: id, body }, `add your comment to ${task().key}`, counted(1), back)
  const edit = (comment: Comment, body: string, was: string, back: Back): Promise<boolean> =>
    tasks.mutate({ kind: 'comment-edit', task_id: id, comment_id: comment.id, body, was }, `save your comment on ${task().key}`, [], back)
  const remove = (comment: Comment): Promise<boolean> => tasks.mutate({ kind: 'comment-delete', task_id: id, comment_id: comment.id }, 'delete the comment', counted(-1))

  /** The same for a comment from its first showing on, though its id changes when it is saved. */
  const keyOf = (comment: Comment): string => [...tasks.aliases].find(([, real]) => real === comment.id)?.[0] ?? comment.id
  return { shown, loaded, failure, load, keyOf, add, edit, remove }
}
