import { expect, test } from 'vitest'
import { detail } from '@/test/fakes'
import type { Conflict } from '@/features/tasks/model'
import { fieldsOf, outcome } from './conflict'

const conflict = (over: Partial<Conflict> = {}): Conflict => ({
  id: 'c', task_id: '1', set: { title: 'our plan', labels: ['a', 'mine'], priority: 'high' }, was: { title: 'plan', labels: ['a'], priority: 'none' },
  theirs: detail('1', { title: 'plan B', labels: ['a', 'theirs'], priority: 'none' }),
  fields: ['title', 'labels'].map(field => ({ field, base: null, theirs: null, yours: null, by: null, at: null })) as unknown as Conflict['fields'], ...over,
})

test('texts and labels can be put together, other fields only chosen', () => {
  expect(fieldsOf(conflict())).toMatchObject([
    { name: 'title', text: true, base: 'plan', mine: 'our plan', theirs: 'plan B', both: 'our plan B', clean: true },
    { name: 'labels', text: false, both: ['a', 'theirs', 'mine'] },
  ])
  const [due] = fieldsOf(conflict({ set: { due_at: null }, was: { due_at: '2026-01-01T00:00:00Z' }, fields: [] }))
  expect(due!.both).toBeUndefined()
})
test('each field has a choice of its own, and what nobody contested goes along', () => {
  const it = conflict()
  const fields = fieldsOf(it)
  expect(outcome(it, fields, { title: 'theirs', labels: 'both' }, {})).toEqual({ labels: ['a', 'theirs', 'mine'], priority: 'high' })
  expect(outcome(it, fields, { title: 'both', labels: 'mine' }, { title: 'our own plan B' })).toEqual({ title: 'our own plan B', labels: ['a', 'mine'], priority: 'high' })
})
test('what ends as theirs is not sent', () => {
  const it = conflict({ set: { title: 'our plan' } })
  expect(outcome(it, fieldsOf(it), { title: 'both' }, { title: 'plan B' })).toEqual({})
})
