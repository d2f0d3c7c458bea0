import { Centrifuge, type PublicationContext, type SubscribedContext } from 'centrifuge'
import WebSocket from 'ws'
import type { Message } from './board.js'
import type { Follower } from './follower.js'
import { Ledger } from './ledger.js'
import type { Tally } from './wait.js'

/** A socket that brings the token in its handshake, as centrifuge-js cannot in Node. */
function socketOf(follower: Follower): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string | URL | null) {
      super(url as string, { headers: { Authorization: `Bearer ${follower.person.token}` }, perMessageDeflate: false, handshakeTimeout: 4000 })
      this.on('error', error => {
        if (error.message.includes('401')) void follower.person.renew()
      })
    }
  }
}

/** The app's own way: centrifuge-js, with the team's channel and the person's own. */
export class Client {
  /** Of the person's own channel; a control leaves it alone. */
  readonly personal = new Ledger()
  private readonly centrifuge: Centrifuge
  private closing = false

  constructor(port: number, readonly follower: Follower, closes: Tally, private readonly control: '' | 'publish' | 'serial' = '') {
    this.centrifuge = new Centrifuge(`ws://127.0.0.1:${port}/ws`, {
      websocket: socketOf(follower),
      getToken: async () => {
        await follower.person.renew()
        return follower.person.token
      },
      token: follower.person.token,
      minReconnectDelay: 100, maxReconnectDelay: 2000, maxServerPingDelay: 8000, timeout: 4000,
    })
    this.centrifuge.on('disconnected', ({ code }) => {
      closes.add(`client ${code}`)
      if (this.closing) return
      // For good, centrifuge-js means: the session is gone. The app logs in again.
      void follower.person.renew().then(() => {
        this.centrifuge.setToken(follower.person.token)
        this.centrifuge.connect()
      })
    })
    this.centrifuge.on('connecting', ({ code }) => closes.add(`client ${code}`))
  }

  async start(): Promise<void> {
    const { follower } = this
    if (!this.control) await follower.begin()
    const since = { offset: follower.ledger.own, epoch: follower.ledger.epoch }
    const team = this.centrifuge.newSubscription(`team:${follower.place.team}`, this.control === 'serial' ? {} : { recoverable: true, ...(!this.control && { since }) })
    team.on('subscribed', (ctx: SubscribedContext) => {
      if (!ctx.wasRecovering || !ctx.recovered) void follower.reload()
    })
    team.on('publication', ({ data, offset }: PublicationContext) => {
      const message = data as Message
      if (message.seq === undefined) return // presence has no place in the log
      if (!this.control && offset !== message.seq) throw new Error(`offset ${offset} of seq ${message.seq}`)
      follower.receive(message.seq, message)
    })
    team.subscribe()
    if (!this.control) this.startPersonal()
    this.centrifuge.connect()
  }

  private startPersonal(): void {
    const sub = this.centrifuge.newSubscription(`user:${this.follower.person.id}`, { recoverable: true })
    sub.on('subscribed', (ctx: SubscribedContext) => {
      const { offset, epoch } = ctx.streamPosition!
      if (!ctx.wasRecovering) this.personal.begin(offset, epoch)
      else if (!ctx.recovered) this.personal.snapshot(offset, epoch)
    })
    sub.on('publication', ({ data, offset }: PublicationContext) => {
      const message = data as Message
      if (this.personal.deliver(offset!, message.id) !== 'gap') return
      while (this.personal.own < offset! - 1) this.personal.miss()
      this.personal.deliver(offset!, message.id)
    })
    sub.subscribe()
  }

  /** Connected and subscribed to all. */
  get live(): boolean { return Object.values(this.centrifuge.subscriptions()).every(s => s.state === 'subscribed') }

  close(): void {
    this.closing = true
    this.follower.close()
    this.centrifuge.disconnect()
  }
}
