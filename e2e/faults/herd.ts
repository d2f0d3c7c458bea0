import WebSocket from 'ws'
import { Installation, type Programs } from './installation.js'
import type { Person } from './person.js'
import { backoff, sleep, Tally, until } from './wait.js'
import { fill, people, team } from './world.js'
import { type Team, Writers } from './writers.js'

interface Reply { id?: number; connect?: object; subscribe?: { recovered?: boolean; offset?: number; epoch?: string; publications?: { offset: number }[] }; push?: { pub?: { offset?: number } } }

/** The least that speaks centrifuge's protocol: one channel, recovered after each reconnect. */
class Member {
  own = 0
  live = false
  faults = 0
  snapshots = 0
  private epoch = ''
  private closing = false
  private socket: WebSocket | null = null

  constructor(private readonly herd: Herd, private readonly person: Person, private readonly team: Team) {}

  async keep(seq: number, epoch: string): Promise<void> {
    this.own = seq
    this.epoch = epoch
    for (let tries = 0; !this.closing; tries++) {
      if (await this.connection()) tries = 0
      this.live = false
      if (!this.closing) await sleep(backoff(tries, 500, 10_000)) // full jitter
    }
  }

  /** True when it was connected. */
  private connection(): Promise<boolean> {
    this.herd.note('tries')
    const socket = this.socket = new WebSocket(`ws://${this.person.url}/ws`, { headers: { Authorization: `Bearer ${this.person.token}` }, perMessageDeflate: false, handshakeTimeout: 10_000 })
    let was = false
    socket.on('error', () => undefined)
    socket.on('open', () => {
      socket.send('{"id":1,"connect":{}}\n' + JSON.stringify({ id: 2, subscribe: { channel: `team:${this.team.team}`, recover: true, offset: this.own, epoch: this.epoch } }))
    })
    socket.on('message', (data: Buffer) => {
      for (const line of data.toString().split('\n')) {
        const reply = JSON.parse(line) as Reply
        if (reply.subscribe) {
          was = true
          this.subscribed(reply.subscribe)
        } else if (reply.push?.pub?.offset) this.receive(reply.push.pub.offset)
        else if (line === '{}') socket.send('{}')
      }
    })
    return new Promise(resolve => socket.on('close', () => resolve(was)))
  }

  private subscribed(to: NonNullable<Reply['subscribe']>): void {
    this.herd.note('back')
    if (!to.recovered) {
      this.snapshots++
      this.own = to.offset ?? 0
    }
    this.epoch = to.epoch ?? this.epoch
    for (const { offset } of to.publications ?? []) this.receive(offset)
    this.live = true
  }

  private receive(seq: number): void {
    if (seq !== this.own + 1) this.faults++
    this.own = Math.max(seq, this.own)
  }

  close(): void {
    this.closing = true
    this.socket?.terminate()
  }
}

/** Many clients of one node that is killed: all come back, and the log is not read once for each of them. */
export class Herd {
  private readonly perSecond = new Map<string, number>()

  note(what: string): void {
    const key = `${what} ${Math.floor(Date.now() / 1000)}`
    this.perSecond.set(key, (this.perSecond.get(key) ?? 0) + 1)
  }

  private peak(what: string): number { return Math.max(0, ...[...this.perSecond].filter(([key]) => key.startsWith(what)).map(([, n]) => n)) }

  static async run(programs: Programs, size: number): Promise<{ text: string; good: boolean }> {
    const it = await Installation.start(programs, { cluster: false })
    const herd = new Herd()
    const everyone = await people(() => it.nodes[0]!.port, 'h', Math.ceil(size / 45)) // 50 connections are the most a person may have
    const one = await team(everyone, 'Herd')
    const writers = new Writers([one], new Tally())
    await fill(writers, [one], 10)
    const { seq, epoch } = await everyone[0]!.get<{ seq: number; epoch: string }>(`/api/projects/${one.project}/board`)
    const members = Array.from({ length: size }, (_, i) => new Member(herd, everyone[i % everyone.length]!, one))
    for (const [i, member] of members.entries()) {
      void member.keep(seq, epoch)
      if (i % 100 === 99) await sleep(100)
    }
    let head = seq
    const behind = (): number => members.filter(m => !m.live || m.own !== head).length
    await until('the herd is connected', () => behind() === 0)
    herd.perSecond.clear()
    writers.start(4, 20)
    await sleep(1000)
    const began = Date.now()
    await it.nodes[0]!.end('SIGKILL')
    await sleep(3000) // writes go on while they come back
    await writers.pause()
    head = (await it.db.query<[number]>('SELECT seq FROM streams WHERE id = $1', one.team))[0]![0]
    let good = true
    await until('the herd is back', () => behind() === 0).catch(() => (good = false))
    const took = (Date.now() - began) / 1000
    const reads = await it.nodes[0]!.metric('tandem_realtime_log_reads_total')
    const rows = await it.nodes[0]!.metric('tandem_realtime_changes_total')
    const faults = members.reduce((n, m) => n + m.faults, 0)
    const snapshots = members.reduce((n, m) => n + m.snapshots, 0)
    good &&= faults === 0 && reads < size / 20 + 4 * rows && it.crashes.length === 0
    const text = `## Herd: ${size} clients of one node that is killed\n  all back and in sync ${took.toFixed(1)} s after the kill (${behind()} are not); at most ${herd.peak('tries')} tries and ${herd.peak('back')} returns in a second; ` +
      `${reads} reads of the log, ${rows} changes dispatched; out of order ${faults}, snapshots ${snapshots}`
    for (const member of members) member.close()
    await writers.stop()
    await it.close(!good)
    for (const person of everyone) person.close()
    return { text, good }
  }
}
