import { expect, test } from 'vitest'
import { faults, guessFormat, percent, sizeText, summary } from './importing'

test('a file tells its format', () => {
  expect(guessFormat('\ufeff [{"number": 1}]')).toBe('github')
  expect(guessFormat('{"id": "x", "cards": []}')).toBe('trello')
  expect(guessFormat('{\n  "tandem": 1}')).toBe('tandem')
  expect(guessFormat('title;status\n')).toBe('csv')
})
test('what came in is told, and what was there', () => {
  expect(summary({ tasks: { created: 269, unchanged: 0 }, comments: { created: 722, unchanged: 0 } })).toBe('269 tasks and 722 comments imported.')
  expect(summary({ tasks: { created: 1, unchanged: 2 }, comments: { created: 0, unchanged: 1 } })).toBe('1 task and 0 comments imported. 2 tasks and 1 comment were here already and stayed as they are.')
  expect(summary({ tasks: { created: 0, unchanged: 3 }, comments: { created: 0, unchanged: 0 } })).toBe('Nothing new in this file. 3 tasks were here already and stayed as they are.')
  expect(summary({ tasks: { created: 0, unchanged: 0 }, comments: { created: 0, unchanged: 0 } })).toBe('The file holds no tasks.')
})
test('faults are sentences; a cancelled import has none', () => {
  const problem = { status: 422, title: 'Unprocessable Entity', detail: 'x', errors: [{ location: 'body', message: 'entry 3 (#7): has no title' }] }
  expect(faults({ problem })).toEqual(['Entry 3 (#7): has no title.'])
  expect(faults({ problem: { status: 422, title: 'T', detail: 'internal error' } })).toEqual(['Internal error.'])
  expect(faults({ problem: { ...problem, code: 'cancelled' } })).toEqual([])
})
test('progress is unknown until the file was read', () => {
  expect(percent({ done: 0, total: 0 })).toBeNull()
  expect(percent({ done: 1, total: 3 })).toBe(33)
})
test('sizes', () => {
  expect(sizeText(20 << 20)).toBe('20 MB')
  expect(sizeText(512)).toBe('1 kB')
})
