import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { access, setToken } from '@/api/token'
import { makeClient } from './socket'

/** A WebSocket that a test opens and closes. */
class Fake {
  static made: Fake[] = []
  onopen: (() => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  sent: string[] = []
  constructor(readonly url: string, readonly protocols: string[]) { Fake.made.push(this) }
  send(data: string) { this.sent.push(data) }
  close() { this.onclose?.({ code: 1000, reason: '' }) }
}
const answer = (token: string, seconds: number) => ({ access_token: token, expires_in: seconds, user: { id: 'u' } }) as Parameters<typeof setToken>[0]

beforeEach(() => {
  Fake.made = []
  vi.stubGlobal('WebSocket', Fake)
})
afterEach(() => {
  vi.unstubAllGlobals()
  access.value = null
})

test('the token comes in the handshake, as a subprotocol', async () => {
  setToken(answer('good', 900))
  const client = makeClient()
  client.connect()
  await vi.waitFor(() => expect(Fake.made).toHaveLength(1))
  expect(Fake.made[0]!.protocols).toEqual(['bearer', 'good', 'centrifuge-json'])
  expect(Fake.made[0]!.url).toMatch(/^ws:.*\/ws$/)
  client.disconnect()
})
test('a token about to end is renewed before the handshake', async () => {
  setToken(answer('old', 5))
  vi.stubGlobal('fetch', vi.fn(async () => Response.json(answer('new', 900))))
  const client = makeClient()
  client.connect()
  await vi.waitFor(() => expect(Fake.made).toHaveLength(1))
  expect(Fake.made[0]!.protocols[1]).toBe('new')
  client.disconnect()
})
test('without a login there is no connection, and no further attempt', async () => {
  vi.stubGlobal('fetch', vi.fn(async () => new Response('{}', { status: 401 })))
  const client = makeClient()
  const ended = vi.fn()
  client.on('disconnected', ended)
  client.connect()
  await vi.waitFor(() => expect(ended).toHaveBeenCalled())
  expect(Fake.made).toHaveLength(0)
})
test('when the server says that the session has ended, the token is not trusted any more', async () => {
  setToken(answer('good', 900))
  const fetched = vi.fn(async () => new Response('{}', { status: 401 }))
  vi.stubGlobal('fetch', fetched)
  const client = makeClient()
  client.connect()
  await vi.waitFor(() => expect(Fake.made).toHaveLength(1))
  Fake.made[0]!.onopen?.()
  Fake.made[0]!.onclose?.({ code: 4401, reason: 'session ended' })
  await vi.waitFor(() => expect(access.value).toBeNull())
  expect(fetched).toHaveBeenCalledWith('/api/auth/refresh', expect.anything())
  client.disconnect()
})
