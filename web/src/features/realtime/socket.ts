import { Centrifuge, UnauthorizedError } from 'centrifuge'
import { access, fresh, refresh } from '@/api/token'

/** The server's: the session or the token has ended. */
const UNAUTHORIZED = 4401
/** Own close code, final for the client (4500 and up): without a login there is nothing to connect as. */
const LOGGED_OUT = 4501

async function token(): Promise<string | null> {
  return (fresh() ?? (await refresh()))?.token ?? null
}

/**
 * A WebSocket that brings a fresh access token in its handshake. Browsers cannot set headers on one, but subprotocols.
 * Has what the client uses of a WebSocket.
 */
class BearerSocket {
  onopen: (() => void) | null = null
  onmessage: ((event: MessageEvent) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  private socket: WebSocket | null = null
  private closed = false

  constructor(url: string) {
    token().then(it => this.begin(url, it), () => this.end(1006, 'no token'))
  }
  private begin(url: string, it: string | null): void {
    if (this.closed) return
    if (!it) return this.end(LOGGED_OUT, 'logged out')
    const socket = (this.socket = new WebSocket(url, ['bearer', it, 'centrifuge-json']))
    socket.onopen = () => this.onopen?.()
    socket.onmessage = event => this.onmessage?.(event)
    socket.onerror = event => this.onerror?.(event)
    socket.onclose = event => this.end(event.code, event.reason)
  }
  private end(code: number, reason: string): void {
    this.closed = true
    // The token that is at hand may still look good; the server knows better.
    if (code === UNAUTHORIZED) void refresh(access.value?.token).catch(() => undefined)
    this.onclose?.({ code, reason })
  }
  send(data: string): void {
    this.socket?.send(data)
  }
  close(): void {
    if (this.socket) this.socket.close()
    else if (!this.closed) this.end(1000, '')
  }
}

/** Where WebSockets do not get through, one long answer is read and commands are sent by requests of their own. */
async function bearerFetch(url: string, init: RequestInit): Promise<Response> {
  const it = await token()
  return fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...(it && { Authorization: `Bearer ${it}` }) } })
}

/** The one connection of this page. Reconnects by itself, with exponential backoff and full jitter. */
export function makeClient(): Centrifuge {
  const websocket = { transport: 'websocket' as const, endpoint: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws` }
  return new Centrifuge([websocket, websocket, { transport: 'http_stream', endpoint: '/ws/stream' }], {
    emulationEndpoint: '/ws/emulation',
    websocket: BearerSocket,
    fetch: bearerFetch,
    getToken: async () => {
      const it = await token()
      if (!it) throw new UnauthorizedError('logged out')
      return it
    },
    minReconnectDelay: 300,
    maxReconnectDelay: 10_000,
    maxServerPingDelay: 8000,
  })
}
