import { Board, type BoardAnswer, type Message } from './board.js'
import { Ledger } from './ledger.js'
import type { Person } from './person.js'
import { backoff, sleep } from './wait.js'

export interface Place { team: string; project: string }

/** Someone who keeps a board up to date: a snapshot, then the changes, each exactly once and in order. */
export class Follower {
  readonly ledger = new Ledger()
  readonly board = new Board()
  private loading = 0 // grows with each snapshot that is asked for
  private waiting: { seq: number; message: Message }[] | null = null
  private closed = false

  /** A control's follower does not catch up from elsewhere: what the channel did not bring, it does not have. */
  constructor(readonly name: string, readonly person: Person, readonly place: Place, private readonly heals: boolean) {}

  get busy(): boolean { return this.waiting !== null }
  close(): void { this.closed = true }

  private read(): Promise<BoardAnswer> { return this.person.get(`/api/projects/${this.place.project}/board?limit=200`) }

  async begin(): Promise<void> {
    const answer = await this.read()
    this.board.load(answer)
    this.ledger.begin(answer.seq, answer.epoch)
  }

  /** The server has said that the snapshot has to be read again. */
  async reload(): Promise<void> {
    const mine = ++this.loading
    this.waiting = []
    for (let tries = 0; !this.closed; tries++) {
      try {
        const answer = await this.read()
        if (mine !== this.loading) return // asked for again meanwhile
        this.board.load(answer)
        this.ledger.snapshot(answer.seq, answer.epoch)
        return this.goOn()
      } catch {
        await sleep(backoff(tries, 100, 1000))
      }
    }
  }

  private goOn(): void {
    const waiting = this.waiting ?? []
    this.waiting = null
    for (const { seq, message } of waiting) this.receive(seq, message) // a gap among them has the rest wait again
  }

  receive(seq: number, message: Message): void {
    if (this.waiting) {
      this.waiting.push({ seq, message })
      return
    }
    const what = this.ledger.deliver(seq, message.id)
    if (what === 'next') this.board.apply(message)
    if (what !== 'gap') return
    if (this.heals) {
      this.waiting = [{ seq, message }]
      void this.catchUp(++this.loading, seq)
      return
    }
    while (this.ledger.own < seq - 1) this.ledger.miss()
    this.receive(seq, message)
  }

  /** Fetches what the channel did not bring. It counts as lost all the same: the channel is what is tested. */
  private async catchUp(mine: number, before: number): Promise<void> {
    for (let tries = 0; !this.closed && mine === this.loading; tries++) {
      const answer = await this.person.ask('GET', `/api/teams/${this.place.team}/events?after=${this.ledger.own}&limit=200`).catch(() => null)
      if (mine !== this.loading) return
      if (answer?.status === 410) return this.reload()
      if (answer?.status !== 200) {
        await sleep(backoff(tries, 100, 1000))
        continue
      }
      for (const message of (JSON.parse(answer.body) as { items: Message[] }).items) {
        if (message.seq! >= before) return this.goOn()
        this.ledger.miss(message.id)
        this.board.apply(message)
      }
      if (this.ledger.own >= before - 1) return this.goOn()
    }
  }
}
