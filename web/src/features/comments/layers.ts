import type { Comment, User } from '@/api'
import { temporaryId, type Layer } from '@/features/tasks/model'

/** A comment as it is to be shown. `sending`: the server has not confirmed it as it is here. */
export interface ShownComment extends Comment { sending?: boolean }

/** The comments of a task as the server has them, with one's own changes on top. New ones stand last, in order. */
export function withLayers(items: readonly Comment[], pending: readonly Layer[], taskId: string, me: User | null, idOf: (id: string) => string): ShownComment[] {
  let out: ShownComment[] = [...items]
  for (const { id, op, at } of pending) {
    if (!('task_id' in op) || idOf(op.task_id) !== taskId) continue
    if (op.kind === 'comment') {
      const when = new Date(at).toISOString()
      out.push({ id: idOf(temporaryId(id)), task_id: taskId, team_id: '', author: me, imported_author: null, body: op.body, body_html: '', version: 1, created_at: when, updated_at: when, sending: true })
    } else if (op.kind === 'comment-edit') {
      const target = idOf(op.comment_id)
      out = out.map(c => (c.id === target ? { ...c, body: op.body, body_html: '', sending: true } : c))
    } else if (op.kind === 'comment-delete') {
      const target = idOf(op.comment_id)
      out = out.filter(c => c.id !== target)
    }
  }
  return out
}
