import { expect, test } from 'vitest'
import { status } from '@/test/fakes'
import { contents } from './projects'

test("a project's contents in words", () => {
  expect(contents({})).toBe('')
  expect(contents({ statuses: [status('todo', 0, 'backlog')] })).toBe('No tasks')
  expect(contents({ statuses: [status('todo', 3, 'backlog'), status('doing', 2), status('gone', 9, 'cancelled')] })).toBe('5 open')
  expect(contents({ statuses: [status('todo', 1, 'backlog'), status('done', 4, 'done')] })).toBe('1 open, 4 done')
})
