import { expect, test } from 'vitest'
import { dateIn, dates } from './dates'

const wednesday = new Date(2026, 2, 25, 14, 0) // the last one before summer time begins in Europe
test('days as people say them', () => {
  expect(Object.fromEntries(dates(wednesday).map(d => [d.id, d.value]))).toEqual({ today: '2026-03-25', tomorrow: '2026-03-26', friday: '2026-03-27', monday: '2026-03-30', fortnight: '2026-04-08' })
})
test.each([
  ['2026-12-24', '2026-12-24'], ['2026-2-3', '2026-02-03'], ['in 3 days', '2026-03-28'], ['5d', '2026-03-30'], ['2 weeks', '2026-04-08'], ['Wed', '2026-04-01'], ['thursday', '2026-03-26'],
  ['2026-02-30', undefined], ['0099-01-01', undefined], ['we', undefined], ['soon', undefined], ['', undefined],
])('%s', (text, day) => expect(dateIn(text, wednesday)).toBe(day))
