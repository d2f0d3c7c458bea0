import { beforeEach, expect, test } from 'vitest'
import { forgetViewers, resetViewers, setViewers, viewersOf, type Viewer } from './presence'

const viewer = (id: string, editing: Viewer['editing'] = null): Viewer => ({ id, username: id, name: id, avatar_url: null, editing })
const names = (task: string) => viewersOf(task).map(v => v.id)

beforeEach(() => forgetViewers())

test('the last word about a task counts, and an empty one ends it', () => {
  setViewers('t', 'a', [viewer('ann')])
  setViewers('t', 'a', [viewer('ann'), viewer('bob', 'title')])
  expect(names('a')).toEqual(['ann', 'bob'])
  setViewers('t', 'a', [])
  expect(names('a')).toEqual([])
})
test('a subscription brings all of its team, and of no other', () => {
  setViewers('t', 'a', [viewer('ann')])
  setViewers('other', 'x', [viewer('eve')])
  resetViewers('t', { b: [viewer('bob')] })
  expect([names('a'), names('b'), names('x')]).toEqual([[], ['bob'], ['eve']])
})
test('without a connection nobody is shown', () => {
  setViewers('t', 'a', [viewer('ann')])
  setViewers('other', 'x', [viewer('eve')])
  forgetViewers('t')
  expect([names('a'), names('x')]).toEqual([[], ['eve']])
  forgetViewers()
  expect(names('x')).toEqual([])
})
