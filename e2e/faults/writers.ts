import { randomUUID } from 'node:crypto'
import type { Place } from './follower.js'
import type { Person } from './person.js'
import type { Expected } from './truth.js'
import { pick, sleep, type Tally, until } from './wait.js'

export interface Team extends Place { members: Person[]; tasks: string[] }

const statuses = ['todo', 'in_progress', 'in_review', 'done']

/** People who write, and who send each change again until it is acknowledged. */
export class Writers {
  /** Since the last check. */
  acknowledged = new Map<string, Expected>()
  refused = new Set<string>()
  total = 0
  private paused = false
  private stopped = false
  private flying = 0
  private readonly loops: Promise<void>[] = []

  constructor(private readonly teams: readonly Team[], private readonly refusals: Tally) {}

  /** `rate` is of all together, a second; 0 is as fast as it goes. */
  start(people: number, rate: number): void {
    for (let i = 0; i < people; i++) this.loops.push(this.loop(rate ? people / rate * 1000 : 0))
  }

  private async loop(every: number): Promise<void> {
    await sleep(Math.random() * every)
    while (!this.stopped) {
      const began = Date.now()
      if (!this.paused) {
        this.flying++
        try {
          await this.write(pick(this.teams))
        } finally {
          this.flying--
        }
      }
      await sleep(Math.max(this.paused ? 50 : 0, every - (Date.now() - began)))
    }
  }

  private async write(team: Team): Promise<void> {
    const person = pick(team.members)
    const id = randomUUID()
    const task = pick(team.tasks)
    const roll = Math.random()
    if (roll < 0.45) await this.send(person, id, 'PATCH', `/api/tasks/${task}`, { title: `t ${id}` }, { team: team.team, type: 'task.updated', has: { title: `t ${id}` } })
    else if (roll < 0.6) await this.move(team, person, id, task)
    else if (roll < 0.8) await this.send(person, id, 'POST', `/api/tasks/${task}/comments`, { body: `c ${id}` }, { team: team.team, type: 'comment.added', has: { body: `c ${id}` } })
    else if (roll < 0.9) {
      const assigned_to = pick(team.members).id
      await this.send(person, id, 'PATCH', `/api/tasks/${task}`, { assigned_to, title: `a ${id}` }, { team: team.team, type: 'task.updated', has: { title: `a ${id}` } })
    } else if (team.tasks.length < 30) await this.create(team, person, id)
    else {
      const victim = team.tasks.shift()!
      await this.send(person, id, 'DELETE', `/api/tasks/${victim}`, undefined, { team: team.team, type: 'task.deleted', has: { type: 'task.deleted', task_id: victim } })
    }
  }

  private async move(team: Team, person: Person, id: string, task: string): Promise<void> {
    const other = pick(team.tasks)
    const task_ids = other === task ? [task] : [task, other]
    await this.send(person, id, 'POST', '/api/tasks/move', { task_ids, status: pick(statuses) }, { team: team.team, type: 'task.moved', has: { type: 'task.moved', task_id: task } })
  }

  async create(team: Team, person: Person, id: string): Promise<void> {
    const title = `n ${id}`
    const body = await this.send(person, id, 'POST', `/api/projects/${team.project}/tasks`, { title, status: pick(statuses) }, { team: team.team, type: 'task.created', has: { title } })
    if (body) team.tasks.push((JSON.parse(body) as { id: string }).id)
  }

  /** A burst of long texts, to fill buffers. */
  async burst(team: Team, n: number, length: number): Promise<void> {
    if (this.paused) return
    this.flying++
    try {
      for (let i = 0; i < n; i++) {
        const id = randomUUID()
        await this.send(pick(team.members), id, 'PATCH', `/api/tasks/${pick(team.tasks)}`, { description: id + 'x'.repeat(length) }, { team: team.team, type: 'task.updated', has: {} })
      }
    } finally {
      this.flying--
    }
  }

  private async send(person: Person, id: string, method: string, path: string, body: unknown, expected: Expected): Promise<string | null> {
    const answer = await person.ask(method, path, body, { 'Idempotency-Key': id })
    if (answer.status < 300) {
      this.acknowledged.set(id, expected)
      this.total++
      return answer.body
    }
    this.refused.add(id)
    this.refusals.add(`${method} ${answer.status}`)
    if (answer.status !== 404 && answer.status !== 409 && answer.status !== 422) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`)
    return null
  }

  /** Waits until every write that was begun is answered. */
  async pause(): Promise<void> {
    this.paused = true
    await until('all writes are answered', () => this.flying === 0, 130_000)
  }

  resume(): void { this.paused = false }

  /** Begins a new account, and returns the old one. */
  take(): { acknowledged: Map<string, Expected>; refused: Set<string> } {
    const { acknowledged, refused } = this
    this.acknowledged = new Map()
    this.refused = new Set()
    return { acknowledged, refused }
  }

  async stop(): Promise<void> {
    this.stopped = true
    await Promise.all(this.loops)
  }
}
