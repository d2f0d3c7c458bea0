import { expect, test } from 'vitest'
import { zoneOptions } from './timezones'

test('zones have a name and their distance from UTC; the one that is set is always there', () => {
  const list = zoneOptions('Mars/Olympus_Mons', new Date('2026-07-01T00:00:00Z'))
  expect(list[0]).toEqual({ value: 'UTC', label: 'UTC (+00:00)' })
  expect(list.find(z => z.value === 'Europe/Vienna')?.label).toBe('Europe/Vienna (+02:00)')
  expect(list.find(z => z.value === 'America/New_York')?.label).toBe('America/New York (-04:00)')
  expect(list.at(-1)).toEqual({ value: 'Mars/Olympus_Mons', label: 'Mars/Olympus Mons' })
  expect(new Set(list.map(z => z.value)).size).toBe(list.length)
})
