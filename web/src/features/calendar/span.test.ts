import { expect, test } from 'vitest'
import { daysOf, fromQuery, step, titleOf, toQuery } from './span'

test('a month shows in whole weeks, which begin as where the reader lives', () => {
  const sunday = daysOf('2026-05-17', 'month', 6)
  expect([sunday[0], sunday.at(-1), sunday.length]).toEqual(['2026-04-26', '2026-06-06', 42])
  const monday = daysOf('2026-05-17', 'month', 0)
  expect([monday[0], monday.at(-1), monday.length]).toEqual(['2026-04-27', '2026-05-31', 35])
  expect(daysOf('2027-02-01', 'month', 0)).toHaveLength(28) // begins on a Monday, ends on a Sunday
  expect(daysOf('2026-12-31', 'month', 0).at(-1)).toBe('2027-01-03')
})
test('a week is seven days, also where clocks change', () => {
  for (const day of ['2026-03-29', '2026-10-25', '2026-03-08', '2026-11-01']) {
    const days = daysOf(day, 'week', 0)
    expect(new Set(days).size).toBe(7)
    expect(days).toContain(day)
  }
})
test('from the 31st the next month is the next month', () => {
  expect(step('2026-01-31', 'month', 1)).toBe('2026-02-01')
  expect(step('2026-01-31', 'month', -1)).toBe('2025-12-01')
  expect(step('2026-12-28', 'week', 1)).toBe('2027-01-04')
})
test('the address says what shows; nonsense in it is left out, and so is a filter by due date', () => {
  const state = fromQuery({ on: '2026-05-10', zoom: 'week', undated: '1', priority: 'high', due: 'today' })
  expect(toQuery(state)).toEqual({ on: '2026-05-10', zoom: 'week', undated: '1', priority: 'high' })
  expect(toQuery(fromQuery({ on: '2026-02-30', zoom: 'year' }))).toEqual({})
})
test('titles', () => {
  expect(titleOf('2026-05-10', 'month')).toBe('May 2026')
  expect(titleOf('2026-05-10', 'week')).toMatch(/^May .*2026$/)
})
