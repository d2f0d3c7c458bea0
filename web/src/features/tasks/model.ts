import { ApiError, tasks as api, type Card, type FieldConflict, type MoveInput, type TaskDetail, type TaskFields, type TaskInput, type User } from '@/api'

/** A task as far as it is known: a card from a board, or with all its details. */
export interface StoredTask extends Card {
  description?: string
  description_html?: string
  watching?: boolean
  creator?: User | null
  assignee?: User | null
}
export type TaskPatch = Partial<StoredTask>
export type Edit = Partial<TaskFields>

/** What is sent to the server; plain data, so that it can wait in storage. */
export type Op =
  | { kind: 'create'; project_id: string; input: TaskInput }
  | { kind: 'edit'; task_id: string; set: Edit; was: Edit }
  | { kind: 'move'; input: MoveInput }
  | { kind: 'delete'; task_id: string }
  | { kind: 'restore'; task_id: string }

/** A local change the server has not confirmed yet: a layer over the server's state, never a copy of it. */
export interface Layer {
  /** Also the Idempotency-Key, and the mutation_id of the message that echoes it. */
  id: string
  op: Op
  /** For "Could not …". */
  does: string
  patches: Map<string, TaskPatch>
  /** A task that exists only here, under a temporary id. */
  draft?: StoredTask
  /** The echo came: the server has it, whatever becomes of the HTTP answer. */
  acked: boolean
}

/** The same field was changed by two people; a prompt asks which one stays. */
export interface Conflict {
  id: string
  task_id: string
  set: Edit
  was: Edit
  theirs: TaskDetail
  fields: FieldConflict[]
}

const isTemporary = (id: string): boolean => id.startsWith('new:')
export const temporaryId = (key: string): string => `new:${key}`

/** A task that this one needs on the server was never created. */
export class Orphaned extends Error {}

/** Sends an op under its key. `idOf` turns temporary ids into real ones. */
export async function perform(op: Op, key: string, idOf: (id: string) => string): Promise<StoredTask[]> {
  const real = (id: string): string => {
    const found = idOf(id)
    if (isTemporary(found)) throw new Orphaned()
    return found
  }
  const neighbour = (id: string | undefined): string | undefined => (id && !isTemporary(idOf(id)) ? idOf(id) : undefined)
  switch (op.kind) {
    case 'create': {
      const { before, after, ...input } = op.input
      return [await api.create(op.project_id, { ...input, ...place(neighbour(before), neighbour(after)) }, key)]
    }
    case 'edit':
      return [await api.update(real(op.task_id), { ...op.set, was: op.was }, key)]
    case 'move': {
      const { before, after, ...input } = op.input
      return (await api.move({ ...input, task_ids: input.task_ids.map(real), ...place(neighbour(before), neighbour(after)) }, key)).items
    }
    case 'delete':
      await api.remove(real(op.task_id), key).catch((error: unknown) => {
        if (!(error instanceof ApiError && error.status === 404)) throw error // gone already is what was wanted
      })
      return []
    case 'restore':
      return [await api.restore(real(op.task_id), key)]
  }
}
/** A neighbour that is unknown to the server is left out, not sent as undefined. */
function place(before?: string, after?: string): { before?: string; after?: string } {
  return before ? { before } : after ? { after } : {}
}

/** Ids of the tasks an op needs: it waits for earlier ops on them. */
export function touches(op: Op): string[] {
  switch (op.kind) {
    case 'create': return [op.input.before, op.input.after].filter(id => id !== undefined)
    case 'move': return [...op.input.task_ids, op.input.before, op.input.after].filter(id => id !== undefined)
    default: return [op.task_id]
  }
}

export const keyOf = (tasks: readonly { key: string }[]): string => (tasks.length === 1 ? tasks[0]!.key || 'the task' : `${tasks.length} tasks`)

export function pick(from: Edit, names: readonly string[]): Edit {
  return Object.fromEntries(names.map(n => [n, from[n as keyof Edit]]))
}
export function same(a: unknown, b: unknown): boolean {
  return a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => x === b[i]))
}
