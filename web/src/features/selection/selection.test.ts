import { createPinia, setActivePinia } from 'pinia'
import { effectScope, type EffectScope } from 'vue'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useSession } from '@/features/session/store'
import { inMemory, useBox } from '@/features/tasks/outbox'
import { useTasks } from '@/features/tasks/store'
import { ann, board, fakeServer, message, task } from '@/test/fakes'
import { clearSelection, extend, selectAll, selected, selectTo, targets, toggle } from './selection'
import { beside, useTaskView } from './view'

const columns = [['1', '2', '3'], [], ['4', '5']]
let scope: EffectScope
let tasks: ReturnType<typeof useTasks>
beforeEach(async () => {
  useBox(inMemory())
  setActivePinia(createPinia())
  useSession().user = ann
  fakeServer()
  tasks = useTasks()
  await tasks.loadBoard('p1', board({ todo: ['1', '2', '3'].map(id => task(id)), doing: [], done: ['4', '5'].map(id => task(id, { status: 'done' })) }))
  document.body.innerHTML = columns.flat().map(id => `<div data-task="${id}"><a href="#${id}" data-card></a></div>`).join('')
  const link = (id: string): HTMLElement => document.querySelector(`[data-task="${id}"] a`)!
  scope = effectScope()
  scope.run(() => useTaskView({ columns: () => columns, focus: id => link(id).focus() }))
  link('2').focus()
})
afterEach(() => {
  clearSelection()
  scope.stop()
})

test('walking goes along a column and over empty ones', () => {
  expect([beside(columns, '1', 0, 1), beside(columns, '3', 0, 1), beside(columns, '3', 1, 0), beside(columns, '5', -1, 0), beside(columns, '9', 0, 1)]).toEqual(['2', undefined, '5', '2', undefined])
})
test('a range goes down the columns, from where the last one was selected', () => {
  toggle('3')
  selectTo('4')
  expect(selected.value).toEqual(['3', '4'])
  selectTo('1')
  expect(targets()).toEqual(['1', '2', '3'])
})
test('a range without a beginning begins at the focus', () => {
  selectTo('4')
  expect(targets()).toEqual(['2', '3', '4'])
})
test('extending goes on from the focus, and back', () => {
  extend(0, 1)
  expect(targets()).toEqual(['2', '3'])
  extend(1, 0)
  expect(targets()).toEqual(['2', '3', '4', '5'])
  extend(0, -1)
  expect(targets()).toEqual(['2', '3', '4'])
})
test('without a selection the task with the focus is meant', () => {
  expect(targets()).toEqual(['2'])
})
test('what somebody deletes is not selected any more', () => {
  selectAll(['1', '2'])
  tasks.applyMessage(message({ type: 'task.deleted', task_id: '1', version: 2, changes: { deleted_at: '2026-01-02T00:00:00Z' } }))
  expect(targets()).toEqual(['2'])
})
