import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ann, gate } from '@/test/fakes'
import { newKey } from '@/lib/key'
import { get, patch, post } from './client'
import { ApiError } from './errors'
import { access, clearToken, setToken } from './token'

type Handler = (path: string, init: RequestInit) => Response | Promise<Response>
let calls: { path: string; method: string; auth: string | null; key: string | null }[]
function serve(handler: Handler): void {
  calls = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    calls.push({ path, method: init.method ?? 'GET', auth: headers.get('Authorization'), key: headers.get('Idempotency-Key') })
    return handler(path, init)
  })
}
const json = (value: unknown, status = 200): Response => new Response(JSON.stringify(value), { status, headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' } })
const token = (name: string, expires_in = 900) => ({ access_token: name, expires_in, user: ann })

beforeEach(() => setToken(token('old')))
afterEach(() => { vi.useRealTimers(); vi.unstubAllGlobals(); clearToken() })

test('requests carry the token, and query lists are joined', async () => {
  serve(() => json({ ok: true }))
  await get('/tasks', { query: { status: ['todo', 'done'], q: '', cursor: null, limit: 5 } })
  expect(calls).toEqual([{ path: '/api/tasks?status=todo%2Cdone&limit=5', method: 'GET', auth: 'Bearer old', key: null }])
})
test('an expired token is renewed once for all who wait, and each request is sent again once', async () => {
  const renewal = gate()
  serve(async (path, init) => {
    if (path === '/api/auth/refresh') { await renewal.wait; return json(token('new')) }
    return new Headers(init.headers).get('Authorization') === 'Bearer new' ? json({ path }) : json({ status: 401, title: 'expired' }, 401)
  })
  const both = Promise.all([get('/a'), get('/b')])
  await Promise.resolve()
  renewal.open()
  expect(await both).toEqual([{ path: '/api/a' }, { path: '/api/b' }])
  expect(calls.filter(c => c.path === '/api/auth/refresh')).toHaveLength(1)
  expect(calls).toHaveLength(5)
})
test('a token that is about to expire is renewed before it is used', async () => {
  setToken(token('short', 10))
  serve(path => json(path === '/api/auth/refresh' ? token('new') : {}))
  await get('/a')
  expect(calls.map(c => c.auth)).toEqual([null, 'Bearer new'])
})
test('a refused renewal ends the session with the 401', async () => {
  serve(() => json({ status: 401, title: 'Log in again' }, 401))
  await expect(get('/a')).rejects.toMatchObject({ status: 401, message: 'Log in again' })
  expect(access.value).toBeNull()
})
test('a lost answer is asked for again with the same key', async () => {
  vi.useFakeTimers()
  let left = 2
  serve(() => { if (left--) throw new TypeError('network'); return json({ id: 1 }) })
  const done = post('/tasks', { title: 'x' })
  await vi.advanceTimersByTimeAsync(5000)
  expect(await done).toEqual({ id: 1 })
  expect(calls).toHaveLength(3)
  expect(new Set(calls.map(c => c.key)).size).toBe(1)
})
test('without a network there is an error of its own', async () => {
  vi.useFakeTimers()
  serve(() => { throw new TypeError('network') })
  const done = get('/a').catch((e: unknown) => e)
  await vi.advanceTimersByTimeAsync(5000)
  const error = await done
  expect(error).toBeInstanceOf(ApiError)
  expect((error as ApiError).isNetwork).toBe(true)
})
test('a problem tells its field messages', async () => {
  serve(() => json({ status: 422, title: 'Invalid', detail: 'Check the form.', errors: [{ location: 'body.title', message: 'Too long.' }] }, 422))
  const error = (await patch('/tasks/1', {}).catch((e: unknown) => e)) as ApiError
  expect(error).toMatchObject({ status: 422, detail: 'Check the form.' })
  expect(error.field('title')).toBe('Too long.')
  expect(error.field('other')).toBeUndefined()
})
test('an answer that is no JSON still makes a sentence', async () => {
  serve(() => new Response('<h1>Too many</h1>', { status: 429, headers: { 'Retry-After': '7' } }))
  await expect(get('/a')).rejects.toThrow('Try again in 7 s')
})
test('keys are version 4 UUIDs', () => {
  expect(newKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
