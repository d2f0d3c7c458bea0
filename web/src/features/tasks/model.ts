import type { BulkEdit, Card, FieldConflict, MoveInput, TaskDetail, TaskFields, TaskInput, User } from '@/api'

/** A task as far as it is known: a card from a board, or with all its details. */
export interface StoredTask extends Card {
  description?: string
  description_html?: string
  watching?: boolean
  muted?: boolean
  creator?: User | null
  assignee?: User | null
}
export type TaskPatch = Partial<StoredTask>
export type Edit = Partial<TaskFields>

/** What is sent to the server; plain data, so that it can wait in storage. */
export type Op =
  | { kind: 'create'; project_id: string; input: TaskInput }
  | { kind: 'edit'; task_id: string; set: Edit; was: Edit }
  | { kind: 'edits'; edits: BulkEdit[] }
  | { kind: 'move'; input: MoveInput }
  | { kind: 'delete'; task_ids: string[] }
  | { kind: 'restore'; task_ids: string[] }
  | { kind: 'comment'; task_id: string; body: string }
  | { kind: 'comment-edit'; task_id: string; comment_id: string; body: string; was: string }
  | { kind: 'comment-delete'; task_id: string; comment_id: string }

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
  /** When it was made. */
  at: number
  /** What became of it when it was refused because somebody else changed some of its tasks: the others' answer, after a question. */
  rest?: Promise<StoredTask[] | null>
  /** Takes a refused text back to where it was typed, with the reason. False: nobody is there any more. */
  back?: Back
}
export type Back = (why: string) => boolean

/** A write as it waits in the browser's storage, for this page or the next one. */
export interface Kept extends Pick<Layer, 'id' | 'op' | 'does' | 'draft' | 'at'> {
  patches: [string, TaskPatch][]
  user: string
  /** The page that looks after it. */
  tab: string
  /** It is not sent by itself any more: why. The person decides. */
  stuck?: string
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

/** What a task or comment of one's own is called until the server has given it an id. */
export const temporaryId = (key: string): string => `new:${key}`

/** Ids of the tasks an op needs: it waits for earlier ops on them. */
export function touches(op: Op): string[] {
  switch (op.kind) {
    case 'create': return [op.input.before, op.input.after].filter(id => id !== undefined)
    case 'edits': return op.edits.map(edit => edit.task_id)
    case 'delete': case 'restore': return op.task_ids
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
