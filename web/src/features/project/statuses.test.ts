import { expect, test } from 'vitest'
import { status } from '@/test/fakes'
import { heir, inputOf, limitOf, limitText, step } from './statuses'

const three = [status('todo'), status('doing'), status('done')]

test('a status moves one place, and not over the ends', () => {
  const up = step(three, 'done', -1)!
  expect(up.order.map(s => s.slug)).toEqual(['todo', 'done', 'doing'])
  expect(up).toMatchObject({ target: { before: 'doing' }, at: 1 })
  const down = step(three, 'todo', 1)!
  expect(down.order.map(s => s.slug)).toEqual(['doing', 'todo', 'done'])
  expect(down).toMatchObject({ target: { after: 'doing' }, at: 1 })
  expect(step(three, 'todo', -1)).toBeNull()
  expect(step(three, 'done', 1)).toBeNull()
  expect(step(three, 'gone', 1)).toBeNull()
})
test('the tasks of a status that goes have somewhere to go', () => {
  const list = [status('later', 0, 'backlog'), status('todo', 0, 'backlog'), status('doing'), status('done', 0, 'done')]
  expect(heir(list, 'later')?.slug).toBe('todo')
  expect(heir(list, 'doing')?.slug).toBe('todo')
  expect(heir(list.slice(2), 'doing')?.slug).toBe('done')
  expect(heir(list.slice(3), 'done')).toBeUndefined()
})
test('an empty limit is none', () => {
  expect(limitOf(' ')).toBeNull()
  expect(limitOf('5')).toBe(5)
  expect(limitText(null)).toBe('')
})
test('only what was touched is sent', () => {
  expect(inputOf({ name: 'Review' })).toEqual({ name: 'Review' })
  expect(inputOf({ limit: '' })).toEqual({ wip_limit: null })
  expect(inputOf({ color: 'red', limit: '3' })).toEqual({ color: 'red', wip_limit: 3 })
})
