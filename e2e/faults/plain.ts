import WebSocket from 'ws'
import type { Message } from './board.js'
import type { Follower } from './follower.js'
import { backoff, sleep, type Tally } from './wait.js'

/** A plain RFC 6455 socket: /ws/teams/{id}?since=, as any program would use it. */
export class PlainSocket {
  private socket: WebSocket | null = null
  private closing = false
  live = false

  constructor(private readonly port: number, readonly follower: Follower, private readonly closes: Tally) {}

  async start(): Promise<void> {
    await this.follower.begin()
    void this.keep()
  }

  private async keep(): Promise<void> {
    for (let tries = 0; !this.closing; tries++) {
      const { opened, code, refused } = await this.connection()
      if (this.closing) return
      if (opened) tries = 0
      this.closes.add(`plain ${refused || code}`)
      if (refused === 401) await this.follower.person.renew()
      if (refused === 410) await this.follower.reload() // pruned, or of another life of the log
      await sleep(backoff(tries, 200, 2000))
    }
  }

  private connection(): Promise<{ opened: boolean; code: number; refused: number }> {
    const { person, place, ledger } = this.follower
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}/ws/teams/${place.team}?since=${ledger.own}&epoch=${ledger.epoch}`, { headers: { Authorization: `Bearer ${person.token}` }, perMessageDeflate: false, handshakeTimeout: 4000 })
    this.socket = socket
    let refused = 0
    let opened = false
    let heard = Date.now()
    const silent = setInterval(() => { if (Date.now() - heard > 36_000) socket.terminate() }, 1000) // the server pings every 25 s
    socket.on('open', () => (opened = this.live = true))
    socket.on('ping', () => (heard = Date.now()))
    socket.on('error', error => (refused = Number(/Unexpected server response: (\d+)/.exec(error.message)?.[1] ?? 0)))
    socket.on('message', (data: Buffer) => {
      heard = Date.now()
      const message = JSON.parse(data.toString()) as Message
      if (message.seq !== undefined) this.follower.receive(message.seq, message)
    })
    return new Promise(resolve => socket.on('close', code => {
      clearInterval(silent)
      this.live = false
      resolve({ opened, code, refused })
    }))
  }

  close(): void {
    this.closing = true
    this.follower.close()
    this.socket?.terminate()
  }
}
