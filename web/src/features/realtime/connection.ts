import type { Centrifuge, DisconnectedContext, PublicationContext, SubscribedContext, UnsubscribedContext } from 'centrifuge'
import { readonly, ref } from 'vue'
import { waitForNetwork } from '@/lib/online'
import type { Position } from './feed'
import type * as Socket from './socket'

export type LinkState = 'off' | 'connecting' | 'live'
const state = ref<LinkState>('off')
/** Of the one socket that everything shares. */
export const link = readonly(state)
const over = ref('')
/** Why the server ended the connection for a while, in words; '': it did not. */
export const ended = readonly(over)

export interface ChannelHooks {
  position?(): Position | null
  publication?(data: unknown): void
  /** `recovered` false: what was missed could not be brought, so the snapshot has to be read again. */
  subscribed?(recovered: boolean, position: Position | null, data: unknown): void
  /** The right to it ended. */
  refused?(): void
}

/** The codes are those of docs/api/realtime.md; after any other one, the client connects again by itself. */
const REASONS: Record<number, string> = {
  3504: 'Tandem is open in too many tabs.',
  3505: 'This page follows too much at once.',
}
/** After a final refusal, the next attempt. */
const LATER = 30_000

let client: Promise<Centrifuge> | null = null

/** The client's script comes after the first paint, and again and again until it is there. */
async function script(): Promise<typeof Socket> {
  for (;;) {
    const it = await import('./socket').catch(() => waitForNetwork(5000))
    if (it) return it
  }
}
async function make(): Promise<Centrifuge> {
  const { makeClient } = await script()
  const made = makeClient()
  made.on('connected', () => {
    state.value = 'live'
    over.value = ''
  })
  made.on('connecting', () => (state.value = 'connecting'))
  made.on('disconnected', (ctx: DisconnectedContext) => {
    state.value = 'off'
    // 0: by this page itself; 1 and own codes: nobody is logged in, which the session deals with.
    if (ctx.code < 3500 || ctx.code >= 4000) return
    over.value = REASONS[ctx.code] ?? 'The server ended the live connection.'
    setTimeout(() => { if (over.value) made.connect() }, LATER)
  })
  made.connect()
  return made
}

/** Opens a channel (and, first of all, the socket). Returns how to close it. */
export function open(channel: string, hooks: ChannelHooks): () => void {
  let closed = false
  let close = (): void => undefined
  client ??= make()
  void client.then(it => {
    if (closed) return
    const since = hooks.position?.()
    const sub = it.getSubscription(channel) ?? it.newSubscription(channel, { ...(hooks.position && { recoverable: true }), ...(since && { since: { offset: since.seq, epoch: since.epoch } }) })
    sub.on('publication', (ctx: PublicationContext) => hooks.publication?.(ctx.data))
    sub.on('subscribed', (ctx: SubscribedContext) => {
      const at = ctx.streamPosition
      hooks.subscribed?.(!ctx.wasRecovering || ctx.recovered, at ? { seq: at.offset, epoch: at.epoch } : null, ctx.data)
    })
    sub.on('unsubscribed', (ctx: UnsubscribedContext) => {
      if (ctx.code !== 0) hooks.refused?.() // 0: by this page itself
    })
    sub.subscribe()
    close = () => {
      sub.removeAllListeners()
      sub.unsubscribe()
      it.removeSubscription(sub)
    }
  }).catch(() => undefined)
  return () => {
    closed = true
    close()
  }
}

/** Says something to the server that may be lost. */
export async function tell(method: string, data: object): Promise<void> {
  const it = await client
  if (it?.state === 'connected') await it.rpc(method, data).catch(() => undefined)
}

/** Tries again now instead of after the back-off: the network is back, or the laptop woke up. */
export async function reconnect(): Promise<void> {
  const it = await client
  if (it && it.state !== 'connected') {
    it.disconnect()
    it.connect()
  }
}

/** Ends the connection with the session. */
export async function disconnect(): Promise<void> {
  const ending = client
  client = null // what comes meanwhile is the next person's
  over.value = ''
  ;(await ending)?.disconnect()
  if (!client) state.value = 'off'
}
