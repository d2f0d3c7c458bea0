import { shallowRef } from 'vue'
import { newKey } from '@/lib/key'
import { drop, load, save } from '@/lib/storage'
import type { TokenAnswer } from './types'

/**
 * The access token lives in memory only. The refresh token is a cookie that scripts never see; it rotates at each
 * use, and using one twice ends the session. So one refresh runs at a time, in this tab and across tabs, and the
 * others take over its answer.
 */
export interface Access { token: string; expires: number }

export const access = shallowRef<Access | null>(null)

const SOON = 30_000
const KEY = 'refresh-key'
const SESSION = 'session'
const YEAR = 365 * 86_400_000
const CHANNEL = 'tandem-session'
type Shared = { kind: 'token'; answer: TokenAnswer; expires: number } | { kind: 'out' }

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(CHANNEL)
const listeners = new Set<(answer: TokenAnswer | null) => void>()
let running: Promise<Access | null> | null = null

/** Tells the session about tokens that came by themselves (another tab, a refresh); null: the session is over. */
export function onToken(listener: (answer: TokenAnswer | null) => void): void {
  listeners.add(listener)
}
function take(answer: TokenAnswer | null, expires = Date.now() + (answer?.expires_in ?? 0) * 1000): Access | null {
  if (answer) save(SESSION, answer.user.id, YEAR)
  else drop(SESSION)
  access.value = answer ? { token: answer.access_token, expires } : null
  for (const listener of listeners) listener(answer)
  return access.value
}
channel?.addEventListener('message', ({ data }: MessageEvent<Shared>) => {
  if (data.kind === 'out') take(null)
  else if (!access.value || data.expires > access.value.expires) take(data.answer, data.expires)
})

export function setToken(answer: TokenAnswer): void {
  const expires = Date.now() + answer.expires_in * 1000
  take(answer, expires)
  channel?.postMessage({ kind: 'token', answer, expires } satisfies Shared)
}
/** `everywhere` also signs the other tabs out. */
export function clearToken(everywhere = false): void {
  take(null)
  if (everywhere) channel?.postMessage({ kind: 'out' } satisfies Shared)
}

/** Whether a refresh cookie may be there. Scripts cannot see it, only remember that somebody logged in here and did not leave. */
export const maybeSession = (): boolean => load<string>(SESSION) !== undefined
/** Who that was. */
export const lastUser = (): string | undefined => load<string>(SESSION)

export function fresh(): Access | null {
  return access.value && access.value.expires - Date.now() > SOON ? access.value : null
}

/** Gets a new access token, or null when the person has to log in. Throws when the server cannot be reached. */
export function refresh(spent?: string): Promise<Access | null> {
  running ??= exclusively(() => renew(spent)).finally(() => (running = null))
  return running
}

function exclusively<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request('tandem-refresh', work) as Promise<T> : work()
}

async function renew(spent?: string): Promise<Access | null> {
  // While this tab waited for the lock, another one may have done it.
  const now = fresh()
  if (now && now.token !== spent) return now
  // One key until it has worked, for all tabs: a lost answer is asked for again, and is no second use of the cookie.
  const key = load<string>(KEY) ?? newKey()
  save(KEY, key, 30_000)
  const response = await fetch('/api/auth/refresh', { method: 'POST', headers: { Accept: 'application/json', 'Idempotency-Key': key }, signal: AbortSignal.timeout(15_000) })
  if (response.status === 401 || response.status === 403) {
    clearToken()
    return null
  }
  if (!response.ok) throw new Error(`refresh answered ${response.status}`)
  setToken((await response.json()) as TokenAnswer)
  drop(KEY)
  return access.value
}
