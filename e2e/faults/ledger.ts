/** What identifies a message: 32 bits of its id, so that millions fit. */
export function mark(id: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  return hash | 0
}

interface Segment { base: number; marks: number[] } // of base + 1, base + 2, …

/** What one client got of one stream, and what it made of it. */
export class Ledger {
  /** The last seq that was applied or covered by a snapshot. */
  own = -1
  epoch = ''
  delivered = 0
  duplicated = 0
  outOfOrder = 0
  snapshots = 0
  covered = 0
  /** Never delivered, though others after them were. */
  readonly missing = new Set<number>()
  private lost = 0
  private floor = -1 // what came up to here came by a snapshot
  private segments: Segment[] = []

  /** Where the client begins, from a snapshot it read by itself. */
  begin(seq: number, epoch: string): void {
    this.own = this.floor = seq
    this.epoch = epoch
    this.segments = [{ base: seq, marks: [] }]
  }

  /** The client was told to read a snapshot again. In another life of the log, what it had is void. */
  snapshot(seq: number, epoch: string): void {
    this.snapshots++
    if (epoch !== this.epoch || seq < this.own) this.segments = []
    else this.covered += seq - this.own
    this.own = this.floor = seq
    this.epoch = epoch
    this.segments.push({ base: seq, marks: [] })
  }

  /** Notes a message as it arrives. Only after 'next' it is to be applied. */
  deliver(seq: number, id: string): 'next' | 'old' | 'gap' {
    if (seq > this.own + 1) return 'gap'
    if (seq <= this.own) {
      if (this.missing.delete(seq)) this.outOfOrder++
      else if (seq > this.floor) this.duplicated++
      return 'old' // or the snapshot covers it
    }
    this.append(id)
    this.delivered++
    return 'next'
  }

  private append(id: string): void {
    this.segments.at(-1)!.marks.push(mark(id))
    this.own++
  }

  /** A message that the channel should have brought and did not; the client got it elsewhere, if at all. */
  miss(id = ''): void {
    this.append(id)
    this.missing.add(this.own)
  }

  /** Compares with the truth, and forgets what was compared. Returns what is wrong. */
  settle(truth: readonly number[]): string[] {
    const wrong: string[] = []
    for (const { base, marks } of this.segments) {
      marks.forEach((m, i) => {
        const seq = base + 1 + i
        if (!this.missing.has(seq) && truth[seq] !== m) wrong.push(`seq ${seq} is another message than the log has`)
      })
    }
    this.lost += this.missing.size
    const head = truth.length - 1
    if (this.own < head) {
      wrong.push(`ends at ${this.own}, the log at ${head}`)
      this.lost += head - this.own
      this.own = head // counted once
    }
    this.missing.clear()
    this.segments = [{ base: this.own, marks: [] }]
    return wrong.slice(0, 3)
  }

  get lostSoFar(): number { return this.lost + this.missing.size }
}
