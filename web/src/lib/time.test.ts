import { expect, test } from 'vitest'
import { ago, dueState, dueText, fromDateInput, toDateInput } from './time'

const now = new Date(2026, 2, 10, 12, 0).getTime()
const at = (...args: [number, number, number, number?]): string => new Date(...args).toISOString()

test('a day survives the way through the date input', () => {
  expect(toDateInput(fromDateInput('2026-03-04'))).toBe('2026-03-04')
  expect(fromDateInput('')).toBeNull()
})
test('a task due today is soon, and overdue only when the day is over', () => {
  expect(dueState(fromDateInput('2026-03-10')!, now)).toBe('soon')
  expect(dueState(fromDateInput('2026-03-11')!, now)).toBe('soon')
  expect(dueState(fromDateInput('2026-03-12')!, now)).toBe('later')
  expect(dueState(fromDateInput('2026-03-09')!, now)).toBe('overdue')
})
test('near days have names', () => {
  expect(dueText(at(2026, 2, 11), now)).toBe('tomorrow')
  expect(dueText(at(2026, 2, 10, 23), now)).toBe('today')
})
test('ages grow from seconds to dates', () => {
  expect(ago(new Date(now - 10_000).toISOString(), now)).toBe('now')
  expect(ago(new Date(now - 5 * 60_000).toISOString(), now)).toBe('5 minutes ago')
  expect(ago(at(2025, 0, 2), now)).toContain('2025')
})
