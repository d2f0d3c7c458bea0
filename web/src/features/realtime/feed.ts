import { ApiError, type EventsAnswer, type Message } from '@/api'

export interface Position { seq: number; epoch: string }
export interface FeedHooks {
  events(after: number): Promise<EventsAnswer>
  deliver(message: Message): void
  /** Reads the snapshots again; gives their position, or null when nothing was held. */
  resync(): Promise<Position | null>
}

/**
 * One team's changes, each exactly once and in order. Whatever brings messages (socket, catch-up over HTTP) calls
 * `receive`; a gap is filled from the change log, and when the log no longer reaches back, the snapshots are read again.
 */
export class Feed {
  position: Position | null = null
  private filling: Promise<void> | null = null
  private head = 0

  constructor(private readonly hooks: FeedHooks) {}

  /** A snapshot was read at this position. Changes after it that went by before are delivered again: they are idempotent. */
  async at(position: Position): Promise<void> {
    const own = this.position
    if (!own || own.epoch !== position.epoch) this.position = { ...position }
    else if (own.seq > position.seq) await this.replay(position.seq, own.seq)
  }
  /** The socket's own start, when no snapshot has set a position. */
  begin(position: Position): void {
    this.position ??= { ...position }
  }

  receive(message: Message): void {
    const own = this.position
    this.head = Math.max(this.head, message.seq)
    if (!own || message.seq <= own.seq || this.filling) return
    if (message.seq === own.seq + 1) this.take(message)
    else void this.catchUp()
  }
  private take(message: Message): void {
    this.position!.seq = message.seq
    this.hooks.deliver(message)
  }

  /** Brings everything that is missing; safe to call at any time. Rejects when the server cannot be reached. */
  catchUp(): Promise<void> {
    if (!this.position) return Promise.resolve()
    this.filling ??= this.fill().finally(() => (this.filling = null))
    return this.filling
  }
  private async fill(): Promise<void> {
    try {
      for (;;) {
        const own = this.position!
        const answer = await this.hooks.events(own.seq)
        if (answer.epoch !== own.epoch) return await this.start()
        for (const message of answer.items) if (message.seq === own.seq + 1) this.take(message)
        // Live messages that came meanwhile were left to this loop.
        if (own.seq >= Math.max(answer.seq, this.head)) return
        if (!answer.items.length) return await this.start()
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 410) return await this.start()
      throw error
    }
  }

  /** The stream cannot be continued (pruned, restored database): begin again from new snapshots. */
  async start(): Promise<void> {
    const old = this.position
    const position = await this.hooks.resync()
    if (position) this.position = { ...position }
    else {
      // Nothing is held that could be out of date; go on at the head.
      const { seq, epoch } = await this.hooks.events(Math.max(old?.seq ?? 0, this.head)).catch(() => ({ seq: this.head, epoch: old?.epoch ?? '' }))
      this.position = { seq, epoch }
    }
    this.head = this.position!.seq
  }

  private async replay(after: number, upTo: number): Promise<void> {
    try {
      for (let from = after; from < upTo;) {
        const { items } = await this.hooks.events(from)
        for (const message of items) if (message.seq <= upTo) this.hooks.deliver(message)
        const last = items.at(-1)?.seq
        if (last === undefined) return
        from = last
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 410) return await this.start()
      throw error
    }
  }
}
