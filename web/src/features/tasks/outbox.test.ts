import { expect, test } from 'vitest'
import type { Kept } from './model'
import { inMemory, openBox } from './outbox'
import { written } from './perform'

const entry = (id: string): Kept => ({ id, op: { kind: 'delete', task_ids: [id] }, does: '', at: 0, user: 'u', tab: 't', patches: [] })
async function ids(box: Awaited<ReturnType<typeof openBox>>): Promise<string[]> {
  const out: string[] = []
  await box.each(kept => (out.push(kept.id), kept))
  return out
}

// What the browser's own store does is tested in e2e/tests/offline.spec.ts: there is none here.
test('without IndexedDB, memory does', async () => {
  const box = await openBox()
  await box.add(entry('1'))
  expect(await ids(box)).toEqual(['1'])
  expect(await openBox()).toBe(box)
})
test('entries keep the order of their adding; each may be changed or removed', async () => {
  const box = inMemory()
  for (const id of ['b', 'a', 'c']) await box.add(entry(id))
  await box.each(kept => (kept.id === 'a' ? null : { ...kept, id: kept.id.toUpperCase() }))
  expect(await ids(box)).toEqual(['B', 'C'])
})
test('what somebody wrote is told from what they only chose', () => {
  expect(written({ kind: 'edit', task_id: '1', set: { title: 'T', description: '', priority: 'high' }, was: {} })).toEqual([['Title', 'T'], ['Description', '']])
  expect(written({ kind: 'create', project_id: 'p', input: { title: 'T', description: 'D' } })).toEqual([['Title', 'T'], ['Description', 'D']])
  expect(written({ kind: 'comment', task_id: '1', body: 'B' })).toEqual([['Comment', 'B']])
  expect(written({ kind: 'edit', task_id: '1', set: { priority: 'high' }, was: {} })).toEqual([])
})
