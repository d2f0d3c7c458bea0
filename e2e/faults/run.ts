import { Board, type BoardAnswer } from './board.js'
import { Client } from './client.js'
import { type Deed, deck } from './deck.js'
import { Follower } from './follower.js'
import { Installation, type Programs } from './installation.js'
import { Ledger } from './ledger.js'
import type { Person } from './person.js'
import { PlainSocket } from './plain.js'
import { Truth } from './truth.js'
import { pick, random, sleep, Tally, until } from './wait.js'
import { fill, people, team } from './world.js'
import { type Team, Writers } from './writers.js'

export interface Settings {
  programs: Programs
  cluster: boolean
  seconds: number
  clients: number // centrifuge-js, and a plain socket for every fourth of them
  rate: number // writes a second
  soak: boolean // faults come seldom and last long
}

/** One set-up under faults, and all that is checked about it. */
export class Run {
  readonly wrong: string[] = []
  readonly closes = new Tally()
  readonly refusals = new Tally()
  readonly teams: Team[] = []
  readonly clients: Client[] = []
  readonly plains: PlainSocket[] = []
  writers!: Writers
  truth!: Truth
  rolledBack = 0
  discarded = 0
  private everyone: Person[] = []
  private void = new Set<string>() // acknowledged, and undone by a restore
  private seconds = 0

  private constructor(readonly it: Installation, readonly settings: Settings) {}

  static async of(settings: Settings): Promise<Run> {
    const slow = settings.soak ? 8 : 1
    const failpoints = [`before-commit=${0.01 / slow}`, `after-commit=${0.01 / slow}`, `dispatch=${0.003 / slow}`]
    const it = await Installation.start(settings.programs, { cluster: settings.cluster, failpoints })
    const run = new Run(it, settings)
    try {
      await run.prepare()
      await run.faults()
      await run.check()
      run.wrong.push(...run.truth.stillOnce(), ...it.crashes)
    } catch (error) {
      run.wrong.push(error instanceof Error ? error.stack ?? error.message : String(error))
    }
    for (const one of [...run.clients, ...run.plains]) one.close()
    run.writers?.stop().catch(() => undefined)
    await it.close(!run.good)
    for (const person of run.everyone) person.close()
    return run
  }

  private async prepare(): Promise<void> {
    const port = (): number => this.it.api.port
    this.everyone = await people(port, 'p', 12)
    for (let i = 0; i < 3; i++) this.teams.push(await team(this.everyone.slice(4 * i, 4 * i + 4), `Team ${i}`))
    this.writers = new Writers(this.teams, this.refusals)
    this.truth = new Truth(this.it.db, this.teams.map(t => t.team), this.everyone.map(p => p.id))
    await fill(this.writers, this.teams, 15)
    for (let i = 0; i < this.settings.clients; i++) {
      const of = this.teams[i % 3]!
      const follower = (kind: string): Follower => new Follower(`${kind} ${i}`, of.members[Math.floor(i / 3) % 4]!, of, true)
      this.clients.push(new Client(this.it.sockets.port, follower('client'), this.closes))
      if (i % 4 === 0) this.plains.push(new PlainSocket(this.it.sockets.port, follower('plain'), this.closes))
    }
    await Promise.all([...this.clients, ...this.plains].map(one => one.start()))
    await until('all are connected', () => [...this.clients, ...this.plains].every(one => one.live))
  }

  private async faults(): Promise<void> {
    const began = Date.now()
    this.writers.start(16, this.settings.rate)
    const end = began + this.settings.seconds * 1000
    for (let first = true; first || Date.now() < end; first = false) {
      for (const deed of deck(this)) {
        if (!first && Date.now() > end) break
        await this.do(deed)
        await sleep(this.settings.soak ? random(500, 4000) : random(100, 500))
      }
    }
    this.seconds = (Date.now() - began) / 1000
  }

  private async do({ name, act }: Deed): Promise<void> {
    this.it.faults.add(name)
    await act()
  }

  get followers(): Follower[] { return [...this.clients, ...this.plains].map(one => one.follower) }
  private get ledgers(): [string, Ledger, string][] {
    return [
      ...this.followers.map(f => [f.name, f.ledger, f.place.team] as [string, Ledger, string]),
      ...this.clients.map(c => [`${c.follower.name}, personal`, c.personal, c.follower.person.id] as [string, Ledger, string]),
    ]
  }

  /** Waits until nobody has anything left to hear. Nobody writes meanwhile. */
  async converge(): Promise<void> {
    const behind = (): string[] => [
      ...this.ledgers.filter(([, ledger, stream]) => ledger.own !== this.truth.size(stream)).map(([name, ledger, stream]) => `${name} is at ${ledger.own} of ${this.truth.size(stream)}`),
      ...this.followers.filter(f => f.busy).map(f => `${f.name} reads`),
      ...this.clients.filter(c => !c.live).map(c => `${c.follower.name} is not subscribed`),
    ]
    await until('everybody has heard everything', () => behind().length === 0).catch(() => this.wrong.push(...behind().slice(0, 5).map(b => `60 s after the last write: ${b}`)))
  }

  /** All invariants. The writers are stopped for it. */
  async check(): Promise<void> {
    await this.writers.pause()
    await Promise.all(this.it.nodes.map(node => node.ready()))
    this.wrong.push(...await this.truth.read(), ...await this.truth.heads())
    await this.converge()
    this.wrong.push(...await this.truth.tablesHold())
    const { acknowledged, refused } = this.writers.take()
    this.wrong.push(...this.truth.mutationsHold(acknowledged, new Set([...refused, ...this.void])))
    for (const [name, ledger, stream] of this.ledgers) this.wrong.push(...ledger.settle(this.truth.of(stream)).map(w => `${name}: ${w}`))
    for (const t of this.teams) {
      const server = new Board()
      server.load(await t.members[0]!.get<BoardAnswer>(`/api/projects/${t.project}/board?limit=200`))
      this.wrong.push(...this.truth.board(t.team).differences(server).map(d => `the fold of the log differs from the snapshot: ${d}`))
      for (const f of this.followers) if (f.place.team === t.team) this.wrong.push(...f.board.differences(server).map(d => `${f.name}: ${d}`))
    }
  }

  /** Writes after a copy are undone by bringing it back. See README.md for what must hold then. */
  async restore(newEpoch: boolean): Promise<void> {
    await this.check()
    await this.it.backUp()
    const truth = this.truth.copy()
    const tasks = this.teams.map(t => [...t.tasks])
    this.writers.resume()
    void this.it.blackHole(0.3, 1500) // some do not hear of what is to be undone
    await sleep(1500)
    await this.writers.pause()
    const doomed = this.writers.take().acknowledged
    for (const id of doomed.keys()) this.void.add(id)
    this.rolledBack += doomed.size
    this.truth = truth
    this.teams.forEach((t, i) => t.tasks.splice(0, Infinity, ...tasks[i]!))
    if (newEpoch) this.it.sockets.shut()
    await this.it.restore(newEpoch)
    // Without a new epoch nobody may write before everybody is back. With one, let the log go past where
    // everybody was: they must find out all the same. See README.md.
    if (!newEpoch) await this.converge()
    this.writers.resume()
    if (!newEpoch) return
    const before = new Map(this.teams.map(t => [t.team, Math.max(...this.followers.filter(f => f.place.team === t.team).map(f => f.ledger.own))]))
    await until('the log has gone on', async () => {
      const heads = await this.it.db.query<[string, number]>('SELECT id, seq FROM streams')
      return heads.every(([id, seq]) => seq > (before.get(id) ?? -1))
    })
    this.it.sockets.open()
  }

  async prune(): Promise<void> {
    this.wrong.push(...await this.truth.read())
    await this.it.db.prune(40)
  }

  async stall(ms: number): Promise<void> {
    const stalled = this.it.sockets.stall(0.3, ms)
    await this.writers.burst(pick(this.teams), 40, 90_000)
    await stalled
  }

  private sum(of: (ledger: Ledger) => number): number { return this.ledgers.reduce((n, [, ledger]) => n + of(ledger), 0) }
  get deliveries(): number { return this.sum(l => l.delivered) }
  get lost(): number { return this.sum(l => l.lostSoFar) }
  get duplicated(): number { return this.sum(l => l.duplicated) }
  get outOfOrder(): number { return this.sum(l => l.outOfOrder) }
  get good(): boolean { return this.wrong.length === 0 && this.lost + this.duplicated + this.outOfOrder === 0 }

  report(): string {
    const { cluster, clients } = this.settings
    return [
      `## ${cluster ? 'PostgreSQL + Redis, two nodes' : 'SQLite, one node'}`,
      `  ${this.seconds.toFixed(0)} s, ${clients} centrifuge-js clients (team and personal channel), ${this.plains.length} plain sockets, ${this.writers?.total ?? 0} acknowledged writes (${this.truth?.acknowledged ?? 0} in the log, ${this.rolledBack} undone by restores; refused: ${this.refusals})`,
      `  faults: ${this.it.faults}`,
      `  ends of connections: ${this.closes}`,
      `  deliveries ${this.deliveries}, lost ${this.lost}, duplicated ${this.duplicated}, out of order ${this.outOfOrder}; snapshots read ${this.sum(l => l.snapshots)}, which covered ${this.sum(l => l.covered)} changes`,
      ...this.wrong.slice(0, 20).map(w => `  WRONG: ${w}`),
      ...(this.wrong.length > 20 ? [`  WRONG: … and ${this.wrong.length - 20} more`] : []),
    ].join('\n')
  }
}
