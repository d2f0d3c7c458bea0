export interface TaskState { title: string; status: string; position: string; assigned_to: string | null; comment_count: number; version: number }
type Changes = Partial<TaskState> & Record<string, unknown>

export interface Message {
  type: string
  id: string
  seq?: number
  team_id?: string
  task_id?: string
  version?: number
  changes?: Changes
  tasks?: { task_id: string; version: number; changes: Changes }[]
  mutation_id?: string | null
}

export interface BoardAnswer { seq: number; epoch: string; columns: Record<string, { items: ({ id: string } & TaskState)[]; next_cursor: string | null }> }

const fields = ['title', 'status', 'position', 'assigned_to', 'comment_count', 'version'] as const

function stateOf(from: Changes): TaskState {
  return Object.fromEntries(fields.map(name => [name, from[name] ?? null])) as unknown as TaskState
}

/** Tasks as a client has them: a snapshot, and the messages after it. */
export class Board {
  tasks = new Map<string, TaskState>()

  load(answer: BoardAnswer): void {
    this.tasks = new Map()
    for (const [status, { items, next_cursor }] of Object.entries(answer.columns)) {
      if (next_cursor !== null) throw new Error('the board has more than one page')
      for (const item of items) this.tasks.set(item.id, stateOf({ ...item, status }))
    }
  }

  apply(message: Message): void {
    const parts = message.tasks ?? (message.task_id ? [{ task_id: message.task_id, version: message.version ?? 0, changes: message.changes ?? {} }] : [])
    for (const { task_id, version, changes } of parts) {
      if (message.type === 'task.deleted') this.tasks.delete(task_id)
      else if (message.type === 'task.created' || message.type === 'task.restored') this.tasks.set(task_id, stateOf({ ...changes, version }))
      else {
        const task = this.tasks.get(task_id)
        if (task) this.tasks.set(task_id, stateOf({ ...task, ...changes, version }))
      }
    }
  }

  copy(): Board {
    const other = new Board()
    other.tasks = new Map(this.tasks)
    return other
  }

  /** How this differs from what is right. */
  differences(right: Board): string[] {
    const out: string[] = []
    for (const id of new Set([...this.tasks.keys(), ...right.tasks.keys()])) {
      const [mine, theirs] = [JSON.stringify(this.tasks.get(id)), JSON.stringify(right.tasks.get(id))]
      if (mine !== theirs) out.push(`task ${id} is ${mine}, not ${theirs}`)
    }
    return out.slice(0, 3)
  }
}
