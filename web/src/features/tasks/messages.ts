import type { Message, TaskChange } from '@/api'
import type { ColumnState } from './columns'
import type { StoredTask } from './model'

/** What applying a message needs of the store. */
export interface Target {
  server: Map<string, StoredTask>
  boards: Map<string, { team_id: string; seq: number }>
  columns: { partial(projectId?: string): [string, ColumnState][] }
  held: Map<string, number>
  accept(task: StoredTask, born?: boolean): void
  fetchTask(id: string): Promise<StoredTask | undefined>
  recount(projectId: string): void
  reload(projectId: string): Promise<unknown>
}

/** More unknown tasks than this in one message: reading the board again is cheaper than each of them. */
const MANY = 20

export function applyMessage(message: Message, target: Target): void {
  if (message.type === 'comment.added' || message.type === 'comment.updated' || message.type === 'comment.deleted') {
    const task = target.server.get(message.task_id)
    if (task && message.version >= task.version) target.accept({ ...task, comment_count: message.comment_count, version: message.version })
    return
  }
  if (message.type === 'project.deleted') {
    for (const [id, task] of [...target.server]) if (task.project_id === message.project.id) target.server.delete(id)
    target.boards.delete(message.project.id)
    return
  }
  const changes = changesOf(message)
  const unknown = changes.filter(change => !apply(change, message, target))
  if (unknown.length) guess(unknown, message, target)
}

function changesOf(message: Message): TaskChange[] {
  if ('tasks' in message && Array.isArray(message.tasks)) return message.tasks as TaskChange[]
  if ('task_id' in message && 'changes' in message) return [message as TaskChange]
  return []
}

/** False: the task is not known, and the message alone does not make it so. */
function apply({ task_id, version, changes }: TaskChange, message: Message, target: Target): boolean {
  const held = target.server.get(task_id)
  if (!held) {
    if (!isWhole(changes)) return false
    const counted = (target.boards.get(changes.project_id)?.seq ?? 0) >= message.seq
    target.accept({ ...changes, version }, !counted)
    return true
  }
  // A deletion that this very page made has no version of its own until its message comes.
  if (version < held.version || (version === held.version && changes.deleted_at === undefined)) return true
  const next = { ...held, ...changes, version }
  if (next.description !== held.description) delete next.description_html
  if (next.assigned_to !== held.assigned_to) delete next.assignee
  target.accept(next)
  const missed = version > held.version + 1 && !isWhole(changes)
  const unrendered = target.held.has(task_id) && next.description !== held.description
  if (missed || unrendered) void target.fetchTask(task_id).catch(() => undefined)
  return true
}
function isWhole(changes: TaskChange['changes']): changes is StoredTask {
  return changes.project_id !== undefined && changes.number !== undefined && changes.title !== undefined && changes.status !== undefined && changes.position !== undefined
}

/**
 * Tasks that are not loaded were changed. They matter when they may have come into the loaded part of a column, or
 * left a column whose count is shown; the message says where they are now, not where they were.
 */
function guess(changes: readonly TaskChange[], message: Message, target: Target): void {
  if (message.type === 'task.updated' || message.type === 'task.assigned') {
    if (!changes.some(c => c.changes.status !== undefined || c.changes.position !== undefined)) return
  }
  const wanted = new Set<string>()
  for (const [projectId, board] of target.boards) {
    if (board.team_id !== message.team_id || board.seq >= message.seq) continue
    const partial = target.columns.partial(projectId)
    for (const { task_id, changes: set } of changes) {
      if (set.deleted_at) continue
      const cameIn = set.project_id === projectId
      const into = partial.some(([key, { until }]) =>
        (set.status === undefined || key === `${projectId}/${set.status}`) && (set.position === undefined || until === null || set.position <= until))
      // From an unloaded part into a column that is all here.
      const intoWhole = partial.length > 0 && set.status !== undefined && !partial.some(([key]) => key === `${projectId}/${set.status}`)
      if (cameIn || (set.project_id === undefined && (into || intoWhole))) wanted.add(task_id)
    }
    if (partial.length) target.recount(projectId)
    if (wanted.size > MANY) {
      wanted.clear()
      void target.reload(projectId).catch(() => undefined)
    }
  }
  for (const id of wanted) void target.fetchTask(id).catch(() => undefined)
}
