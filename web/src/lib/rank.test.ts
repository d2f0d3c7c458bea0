import { expect, test } from 'vitest'
import { byPosition } from './position'
import { between, spread } from './rank'

test('a key lies between its neighbours', () => {
  const first = between(null, null)
  const second = between(first, null)
  const middle = between(first, second)
  expect([second, middle, first].sort()).toEqual([first, middle, second])
})
test('many keys come in order', () => {
  const keys = spread('a0', 'a1', 50)
  expect([...keys].sort()).toEqual(keys)
  expect(keys[0]! > 'a0' && keys[49]! < 'a1').toBe(true)
})
test('neighbours that are equal or out of order do not throw', () => {
  expect(between('a1', 'a1') > 'a1').toBe(true)
  expect(spread('a2', 'a1', 3)).toHaveLength(3)
})
test('equal positions are ordered by id', () => {
  expect([{ id: 'b', position: 'a0' }, { id: 'a', position: 'a0' }].sort(byPosition).map(t => t.id)).toEqual(['a', 'b'])
})
