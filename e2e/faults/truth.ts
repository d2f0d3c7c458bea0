import { Board, type Message } from './board.js'
import type { Database } from './database.js'
import { mark } from './ledger.js'

/** What the writer of a mutation knows about it. */
export interface Expected { team: string; type: string; has: Record<string, unknown> }

/**
 * The whole log, as the database has it. It is read before each pruning and each check, so that pruned rows
 * stay known; that it is without gaps is itself a check.
 */
export class Truth {
  private marks = new Map<string, number[]>() // by stream; [seq]
  private boards = new Map<string, Board>() // the fold of each team's log
  private mutations = new Map<string, { team: string; message: Message }[]>()
  private checked = new Map<string, string>() // acknowledged mutations that were found right, and the team
  comments = 0

  constructor(private readonly db: Database, private readonly teams: readonly string[], private readonly people: readonly string[]) {
    for (const stream of [...teams, ...people]) this.marks.set(stream, [0])
    for (const team of teams) this.boards.set(team, new Board())
  }

  of(stream: string): readonly number[] { return this.marks.get(stream)! }
  board(team: string): Board { return this.boards.get(team)! }

  /** Reads what is new in the log. */
  async read(): Promise<string[]> {
    const wrong: string[] = []
    const wanted = [...this.marks].map(([id, marks]) => `(stream_id = '${id}' AND seq >= ${marks.length})`).join(' OR ')
    const teams = this.teams.map(id => `'${id}'`).join(', ')
    const rows = await this.db.query<[string, number, string, string | null, string]>(
      `SELECT stream_id, seq, id, mutation_id, CASE WHEN stream_id IN (${teams}) THEN payload ELSE '' END FROM events WHERE ${wanted} ORDER BY stream_id, seq`)
    for (const [stream, seq, id, mutation, payload] of rows) {
      const marks = this.marks.get(stream)!
      if (seq !== marks.length) wrong.push(`the log of ${stream} goes from ${marks.length - 1} to ${seq}`)
      marks[seq] = mark(id)
      if (payload) this.note(stream, mutation, JSON.parse(payload) as Message)
    }
    return wrong
  }

  private note(team: string, mutation: string | null, message: Message): void {
    this.boards.get(team)!.apply(message)
    if (message.type === 'comment.added') this.comments++
    if (!mutation) return
    if (message.mutation_id !== mutation) throw new Error(`row of ${mutation} says ${message.mutation_id}`)
    this.mutations.set(mutation, [...this.mutations.get(mutation) ?? [], { team, message: slim(message) }])
  }

  /** Whether the log ends where the streams say. */
  async heads(): Promise<string[]> {
    const ids = [...this.marks.keys()].map(id => `'${id}'`).join(', ')
    const heads = new Map(await this.db.query<[string, number]>(`SELECT id, seq FROM streams WHERE id IN (${ids})`))
    return [...this.marks].filter(([id, marks]) => (heads.get(id) ?? 0) !== marks.length - 1).map(([id, marks]) => `stream ${id} is at ${heads.get(id)}, its rows end at ${marks.length - 1}`)
  }

  /** Each acknowledged mutation is in the log exactly once, with its effect; a refused one is not. */
  mutationsHold(acknowledged: Map<string, Expected>, refused: Set<string>): string[] {
    const wrong: string[] = []
    for (const [id, want] of acknowledged) {
      const found = this.mutations.get(id) ?? []
      const text = JSON.stringify(found[0]?.message ?? {})
      if (found.length !== 1) wrong.push(`acknowledged ${want.type} ${id} is in the log ${found.length} times`)
      else if (found[0]!.team !== want.team || !Object.entries(want.has).every(([name, value]) => text.includes(`${JSON.stringify(name)}:${JSON.stringify(value)}`))) wrong.push(`acknowledged ${want.type} ${id} became ${text}`)
      this.checked.set(id, want.team)
    }
    for (const id of refused) if (this.mutations.has(id)) wrong.push(`refused ${id} is in the log`)
    return wrong.slice(0, 5)
  }

  /** Again at the end: none of those that were right has come twice since. */
  stillOnce(): string[] { return [...this.checked.keys()].filter(id => this.mutations.get(id)?.length !== 1).map(id => `${id} is not in the log once`).slice(0, 5) }

  get acknowledged(): number { return this.checked.size }

  /** The tables hold what the log says. */
  async tablesHold(): Promise<string[]> {
    const wrong: string[] = []
    const now = new Map(this.teams.map(team => [team, new Board()]))
    const rows = await this.db.query<[string, string, string, string, string, string | null, number, number]>('SELECT team_id, id, title, status, position, assigned_to, comment_count, version FROM tasks WHERE deleted_at IS NULL')
    for (const [team, id, title, status, position, assigned_to, comment_count, version] of rows) now.get(team)?.tasks.set(id, { title, status, position, assigned_to, comment_count, version })
    for (const [team, board] of now) wrong.push(...this.boards.get(team)!.differences(board).map(d => `the fold of the log differs from the table: ${d}`))
    const [comments] = await this.db.query<[number, number]>('SELECT COUNT(*), COUNT(DISTINCT body) FROM comments')
    if (comments![0] !== this.comments || comments![1] !== this.comments) wrong.push(`the log has ${this.comments} comments, the table ${comments!.join(' and different ones ')}`)
    return wrong
  }

  /** A copy, to come back to when the database does. */
  copy(): Truth {
    const other = new Truth(this.db, this.teams, this.people)
    other.marks = new Map([...this.marks].map(([id, marks]) => [id, [...marks]]))
    other.boards = new Map([...this.boards].map(([id, board]) => [id, board.copy()]))
    other.mutations = new Map(this.mutations)
    other.checked = new Map(this.checked)
    other.comments = this.comments
    return other
  }

  size(stream: string): number { return this.marks.get(stream)!.length - 1 }
}

/** Without long texts, which nobody compares. */
function slim(message: Message): Message {
  const text = JSON.stringify(message)
  return text.length < 4000 ? message : { ...message, changes: { version: message.version! } }
}
