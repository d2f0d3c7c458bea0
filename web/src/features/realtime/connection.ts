import type { Centrifuge, PublicationContext, SubscribedContext, UnsubscribedContext } from 'centrifuge'
import { readonly, ref } from 'vue'
import { fresh, refresh } from '@/api/token'
import type { Position } from './feed'

export type LinkState = 'off' | 'connecting' | 'live'
const state = ref<LinkState>('off')
/** Of the one socket that everything shares. */
export const link = readonly(state)

export interface ChannelHooks {
  position(): Position | null
  publication(data: unknown): void
  /** `recovered` false: what was missed could not be brought, so the snapshot has to be read again. */
  subscribed(recovered: boolean, position: Position | null): void
  /** The right to it ended. */
  refused(): void
}

let client: Promise<Centrifuge> | null = null
const channels = new Map<string, () => void>()

async function make(): Promise<Centrifuge> {
  const { Centrifuge, UnauthorizedError } = await import('centrifuge')
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`
  const made = new Centrifuge(url, {
    getToken: async () => {
      const token = (fresh() ?? (await refresh()))?.token
      if (!token) throw new UnauthorizedError('logged out')
      return token
    },
    minReconnectDelay: 300,
    maxReconnectDelay: 10_000,
    maxServerPingDelay: 8000,
  })
  made.on('connected', () => (state.value = 'live'))
  made.on('connecting', () => (state.value = 'connecting'))
  made.on('disconnected', () => (state.value = 'off'))
  made.connect()
  return made
}

/** Opens a channel (and, first of all, the socket). Returns how to close it. */
export function open(channel: string, hooks: ChannelHooks): () => void {
  let closed = false
  let close = (): void => undefined
  client ??= make().catch((error: unknown) => {
    client = null // the script could not be loaded: the next channel tries again
    throw error
  })
  void client.then(it => {
    if (closed) return
    const since = hooks.position()
    const sub = it.getSubscription(channel) ?? it.newSubscription(channel, { recoverable: true, ...(since && { since: { offset: since.seq, epoch: since.epoch } }) })
    sub.on('publication', (ctx: PublicationContext) => hooks.publication(ctx.data))
    sub.on('subscribed', (ctx: SubscribedContext) => {
      const at = ctx.streamPosition
      hooks.subscribed(!ctx.wasRecovering || ctx.recovered, at ? { seq: at.offset, epoch: at.epoch } : null)
    })
    sub.on('unsubscribed', (ctx: UnsubscribedContext) => {
      if (ctx.code !== 0) hooks.refused() // 0: by this page itself
    })
    sub.subscribe()
    close = () => {
      sub.removeAllListeners()
      sub.unsubscribe()
      it.removeSubscription(sub)
    }
  }).catch(() => undefined)
  channels.set(channel, () => close())
  return () => {
    closed = true
    channels.delete(channel)
    close()
  }
}

/** Tries again now instead of after the back-off: the network is back, or the laptop woke up. */
export async function reconnect(): Promise<void> {
  const it = await client?.catch(() => null)
  if (it && it.state !== 'connected') {
    it.disconnect()
    it.connect()
  }
}

/** Ends the connection with the session. */
export async function disconnect(): Promise<void> {
  const it = await client?.catch(() => null)
  client = null
  channels.clear()
  it?.disconnect()
  state.value = 'off'
}
