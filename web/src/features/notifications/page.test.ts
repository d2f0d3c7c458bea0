import { expect, test, vi } from 'vitest'
import { ref } from 'vue'
import { notification } from '@/test/fakes'
import { byDay } from './days'
import { isQuiet, minutesIn } from './desktop'
import { pathOf } from './links'
import { fromQuery, nothing, toQuery } from './query'
import { useSelection } from './selection'

const NOW = new Date(2026, 5, 17, 12).getTime()
const at = (day: number, hour: number): string => new Date(2026, 5, day, hour).toISOString()

test('days are named by how near they are', () => {
  vi.useFakeTimers({ now: NOW })
  const days = byDay([at(17, 9), at(17, 0), at(16, 23), at(14, 9), at(2, 9)].map((created_at, i) => notification(String(i), { created_at })), NOW)
  expect(days.map(d => [d.name, d.items.length])).toEqual([['Today', 2], ['Yesterday', 1], ['Sunday', 1], ['Jun 2', 1]])
  vi.useRealTimers()
})
test('what the page shows is in its address, and nonsense in it is left out', () => {
  expect(fromQuery({ type: 'mention,nonsense,task_due_soon', show: 'unread' })).toEqual({ types: ['mention', 'task_due_soon'], unread: true })
  expect(fromQuery({})).toEqual({ types: [], unread: false })
  expect(toQuery({ types: ['mention'], unread: true })).toEqual({ type: 'mention', show: 'unread' })
  expect(toQuery({ types: [], unread: false })).toEqual({})
})
test('an empty page says which filter made it so', () => {
  expect(nothing({ types: [], unread: true }).title).toBe('All caught up')
  expect(nothing({ types: ['mention', 'task_due_soon'], unread: true }).title).toBe('No unread mentions or due dates')
})
test('quiet hours may reach over midnight, and begin at their first minute', () => {
  const night = { quiet_from: '22:00', quiet_to: '07:00' }
  expect([21 * 60 + 59, 22 * 60, 0, 6 * 60 + 59, 7 * 60].map(now => isQuiet(night, now))).toEqual([false, true, true, true, false])
  expect(isQuiet({ quiet_from: '12:00', quiet_to: '13:00' }, 12 * 60 + 30)).toBe(true)
  expect(isQuiet({ quiet_from: null, quiet_to: null }, 0)).toBe(false)
  expect(minutesIn('Asia/Kolkata', new Date('2026-01-01T00:00:00Z'))).toBe(5 * 60 + 30)
})
test('a link leads within the app only', () => {
  expect(pathOf('/p/1/board/WEB-1?comment=2')).toBe('/p/1/board/WEB-1?comment=2')
  for (const link of ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)']) expect(pathOf(link)).toBe('/')
})
test('rows are chosen one by one, in a stretch, or all; what leaves the list leaves the choice', async () => {
  const ids = ref(['a', 'b', 'c', 'd'])
  const { chosen, all, toggle, toggleAll } = useSelection(() => ids.value)
  toggle('b')
  toggle('d', true)
  expect([...chosen.value]).toEqual(['b', 'c', 'd'])
  toggle('c')
  expect([...chosen.value]).toEqual(['b', 'd'])
  toggleAll()
  expect(all.value).toBe(true)
  ids.value = ['a', 'd']
  await Promise.resolve()
  expect([...chosen.value]).toEqual(['a', 'd'])
})
