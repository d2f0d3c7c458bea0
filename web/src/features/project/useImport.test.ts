import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, ref, type EffectScope } from 'vue'
import type { ImportJob } from '@/api'
import { load } from '@/lib/storage'
import { fail, fakeServer, T0 } from '@/test/fakes'
import { useImport } from './useImport'

const job = (over: Partial<ImportJob>): ImportJob => ({
  id: 'j1', state: 'running', format: 'csv', done: 0, total: 0, tasks: { created: 0, unchanged: 0 }, comments: { created: 0, unchanged: 0 }, problem: null, started_at: T0, finished_at: null, ...over,
})
let scope: EffectScope
const open = (): ReturnType<typeof useImport> => scope.run(() => useImport(() => id.value))!
const id = ref('p1')
beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  id.value = 'p1'
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

test('an import is followed to its end, over a broken connection', async () => {
  const server = fakeServer()
  const answers = [() => job({}), () => job({ done: 1, total: 2 }), fail, fail, fail, () => job({ state: 'done', done: 2, total: 2, tasks: { created: 2, unchanged: 0 } })]
  server.on('POST /projects/p1/import', call => (expect(call.query.get('format')).toBe('tandem'), { id: 'j1' }))
  server.on('GET /imports/j1', () => (answers.shift() ?? fail)())
  const it = open()
  await it.start('tandem', new File(['{}'], 'x.json'))
  expect(it.job.value).toMatchObject({ state: 'running', total: 0 })
  expect(load('import:p1')).toBe('j1')
  await vi.advanceTimersByTimeAsync(400)
  expect(it.job.value).toMatchObject({ done: 1, total: 2 })
  await vi.advanceTimersByTimeAsync(3000)
  expect(it.lost.value).toBe(true)
  await vi.advanceTimersByTimeAsync(3000)
  expect(it.job.value?.state).toBe('done')
  expect(it.lost.value).toBe(false)
  expect(load('import:p1')).toBeUndefined()
})
test('it is found again after a reload, and forgotten when the server does not know it', async () => {
  const server = fakeServer()
  server.on('POST /projects/p1/import', () => ({ id: 'j1' }))
  server.on('GET /imports/j1', () => job({ total: 9 }))
  await open().start('csv', new File(['title'], 'x.csv'))
  scope.stop()
  scope = effectScope()
  const it = open()
  await vi.advanceTimersByTimeAsync(0)
  expect(it.job.value?.total).toBe(9)
  id.value = 'p2'
  await vi.advanceTimersByTimeAsync(0)
  expect(it.job.value).toBeNull()
})
test('a cancelled import ends', async () => {
  const server = fakeServer()
  let state: ImportJob['state'] = 'running'
  server.on('POST /projects/p1/import', () => ({ id: 'j1' }))
  server.on('GET /imports/j1', () => job({ state }))
  server.on('DELETE /imports/j1', () => void (state = 'failed'))
  const it = open()
  await it.start('csv', new File(['title'], 'x.csv'))
  await it.cancel()
  expect(it.job.value?.state).toBe('failed')
  const asked = server.calls.length
  await vi.advanceTimersByTimeAsync(5000)
  expect(server.calls.length).toBe(asked)
})
