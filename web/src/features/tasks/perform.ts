import { ApiError, comments, tasks, type Comment } from '@/api'
import type { Op, StoredTask } from './model'

/** A task that this write needs on the server was never created. */
export class Orphaned extends Error {
  constructor() { super('The task was not created.') }
}
export interface Answer { tasks: StoredTask[]; comment?: Comment }
const NOTHING: Answer = { tasks: [] }

export const isTemporary = (id: string): boolean => id.startsWith('new:')

/** Sends an op under its key. `idOf` turns temporary ids into real ones. */
export async function perform(op: Op, key: string, idOf: (id: string) => string): Promise<Answer> {
  const real = (id: string): string => {
    const found = idOf(id)
    if (isTemporary(found)) throw new Orphaned()
    return found
  }
  const neighbour = (id: string | undefined): string | undefined => (id && !isTemporary(idOf(id)) ? idOf(id) : undefined)
  switch (op.kind) {
    case 'create': {
      const { before, after, ...input } = op.input
      return { tasks: [await tasks.create(op.project_id, { ...input, ...place(neighbour(before), neighbour(after)) }, key)] }
    }
    case 'edit':
      return { tasks: [await tasks.update(real(op.task_id), { ...op.set, was: op.was }, key)] }
    case 'move': {
      const { before, after, was, ...input } = op.input
      const seen = was && { was: Object.fromEntries(Object.entries(was).map(([id, status]) => [real(id), status])) }
      return { tasks: (await tasks.move({ ...input, ...seen, task_ids: input.task_ids.map(real), ...place(neighbour(before), neighbour(after)) }, key)).items }
    }
    case 'edits':
      return { tasks: (await tasks.edit(op.edits.map(edit => ({ ...edit, task_id: real(edit.task_id) })), key)).items }
    case 'delete': {
      const [one, ...more] = op.task_ids
      if (one && !more.length) return tasks.remove(real(one), key).then(() => NOTHING, gone)
      return { tasks: (await tasks.removeMany(op.task_ids.map(real), key)).items }
    }
    case 'restore': {
      const [one, ...more] = op.task_ids
      return { tasks: one && !more.length ? [await tasks.restore(real(one), key)] : (await tasks.restoreMany(op.task_ids.map(real), key)).items }
    }
    case 'comment':
      return { tasks: [], comment: await comments.create(real(op.task_id), op.body, key) }
    case 'comment-edit':
      return { tasks: [], comment: await comments.update(real(op.comment_id), op.body, op.was, key) }
    case 'comment-delete':
      return comments.remove(real(op.comment_id), key).then(() => NOTHING, gone)
  }
}
/** That it is gone already is what was wanted. */
function gone(error: unknown): Answer {
  if (error instanceof ApiError && error.status === 404) return NOTHING
  throw error
}
/** A neighbour that is unknown to the server is left out, not sent as undefined. */
function place(before?: string, after?: string): { before?: string; after?: string } {
  return before ? { before } : after ? { after } : {}
}

/** What somebody wrote in an op, by what it is; nothing of it may be lost. */
export function written(op: Op): [string, string][] {
  switch (op.kind) {
    case 'create': return [['Title', op.input.title], ...(op.input.description ? [['Description', op.input.description] as [string, string]] : [])]
    case 'edit': return (['title', 'description'] as const).flatMap(name => (op.set[name] === undefined ? [] : [[name === 'title' ? 'Title' : 'Description', op.set[name]] as [string, string]]))
    case 'comment': case 'comment-edit': return [['Comment', op.body]]
    default: return []
  }
}
