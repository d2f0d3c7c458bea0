import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useSession } from '@/features/session/store'
import { useTasks } from '@/features/tasks/store'
import { inMemory, useBox } from '@/features/tasks/outbox'
import { ann, board, detail, fail, fakeServer, gate, message, task } from '@/test/fakes'
import { useStream } from './stream'

vi.mock('./connection', async () => {
  const { ref } = await import('vue')
  return { link: ref('live'), open: () => () => undefined, reconnect: async () => undefined, disconnect: async () => undefined }
})

let server: ReturnType<typeof fakeServer>
let stream: ReturnType<typeof useStream>
let tasks: ReturnType<typeof useTasks>
const paths = (): string[] => server.calls.map(c => `${c.method} ${c.path}`)

beforeEach(async () => {
  vi.useFakeTimers()
  useBox(inMemory())
  setActivePinia(createPinia())
  useSession().user = ann
  server = fakeServer()
  server.on('PATCH /tasks/1', ({ body }) => detail('1', { title: String(body.title), version: 3 }))
  tasks = useTasks()
  stream = useStream()
  stream.follow('t1')
  stream.start()
  await tasks.loadBoard('p1', board({ todo: [task('1')], done: [] }))
  stream.snapshotAt('t1', { seq: 10, epoch: 'e' })
  await vi.advanceTimersByTimeAsync(6000)
  server.calls.length = 0
})
afterEach(async () => {
  await stream.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})
/** The lid is closed: the clock goes on, timers do not. */
const sleep = (): void => void vi.setSystemTime(Date.now() + 3_600_000)

test('awake, an edit goes out at once', async () => {
  await tasks.edit('1', { title: 'Mine' })
  expect(paths()).toEqual(['PATCH /tasks/1'])
})
test('an edit right after a sleep waits until what was missed is read, and shows meanwhile', async () => {
  const reading = gate()
  server.on('GET /teams/t1/events', async () => {
    await reading.wait
    return { items: [message({ type: 'task.updated', seq: 11, task_id: '1', version: 2, changes: { priority: 'high' } })], seq: 11, epoch: 'e' }
  })
  server.on('POST /auth/refresh', () => ({ access_token: 'new', expires_in: 9000, user: ann }))
  sleep()
  const done = tasks.edit('1', { title: 'Mine' })
  await vi.advanceTimersByTimeAsync(4000)
  expect(tasks.view('1')!.title).toBe('Mine')
  expect(paths().filter(p => p.startsWith('PATCH'))).toEqual([])
  reading.open()
  expect(await done).toBe(true)
  expect(paths().filter(p => !p.includes('auth'))).toEqual(['GET /teams/t1/events', 'PATCH /tasks/1'])
  expect(tasks.view('1')).toMatchObject({ title: 'Mine', version: 3 })
})
test('the same after the network came back', async () => {
  const reading = gate()
  server.on('PATCH /tasks/1', fail)
  const done = tasks.edit('1', { title: 'Mine' })
  await vi.advanceTimersByTimeAsync(2500)
  server.on('GET /teams/t1/events', async () => { await reading.wait; return { items: [], seq: 10, epoch: 'e' } })
  server.on('PATCH /tasks/1', ({ body }) => detail('1', { title: String(body.title), version: 3 }))
  server.calls.length = 0
  window.dispatchEvent(new Event('online'))
  await vi.advanceTimersByTimeAsync(4000)
  expect(paths()).toEqual(['GET /teams/t1/events'])
  reading.open()
  expect(await done).toBe(true)
  expect(paths()).toEqual(['GET /teams/t1/events', 'PATCH /tasks/1'])
})
test('a reading that fails for want of network is tried again before the next attempt', async () => {
  server.on('POST /auth/refresh', () => ({ access_token: 'new', expires_in: 9000, user: ann }))
  server.on('GET /teams/t1/events', fail)
  server.on('PATCH /tasks/1', fail)
  sleep()
  const done = tasks.edit('1', { title: 'Mine' })
  await vi.advanceTimersByTimeAsync(4500)
  server.on('GET /teams/t1/events', () => ({ items: [], seq: 10, epoch: 'e' }))
  server.on('PATCH /tasks/1', ({ body }) => detail('1', { title: String(body.title), version: 3 }))
  server.calls.length = 0
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await done).toBe(true)
  const mine = paths()
  expect(mine.indexOf('GET /teams/t1/events')).toBeLessThan(mine.indexOf('PATCH /tasks/1'))
})
test('a reading that the server refuses does not hold anything back', async () => {
  server.on('POST /auth/refresh', () => ({ access_token: 'new', expires_in: 9000, user: ann }))
  sleep()
  expect(await tasks.edit('1', { title: 'Mine' })).toBe(true)
})
