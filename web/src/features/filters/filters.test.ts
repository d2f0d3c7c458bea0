import { expect, test } from 'vitest'
import { addDays, addMonths, isDay, onDay, startOf, startOfWeek } from '@/lib/days'
import { fold } from '@/lib/fold'
import { task } from '@/test/fakes'
import { ended, read, wordsOf } from './grammar'
import type { Vocabulary } from './scope'
import { apiOf, filtersOf, finder, matcher, NO_FILTERS, queryOf, rangeOf, type Filters } from './state'

const vocabulary: Vocabulary = {
  status: [{ value: 'todo', label: 'To do' }, { value: 'in_progress', label: 'In progress' }, { value: 'in_review', label: 'In review' }, { value: 'done', label: 'Done' }],
  category: [{ value: 'backlog', label: 'Backlog' }], priority: [{ value: 'urgent', label: 'Urgent' }, { value: 'none', label: 'No priority' }],
  label: [{ value: 'l1', label: 'good first issue' }, { value: 'l2', label: 'Bug' }],
  assignee: [{ value: 'me', label: 'Me' }, { value: 'none', label: 'Nobody' }, { value: 'u1', label: 'Ana Ortega', hint: '@ana' }, { value: 'u2', label: 'Anders', hint: '@anders' }],
  created_by: [{ value: 'me', label: 'Me' }, { value: 'u1', label: 'Ana Ortega', hint: '@ana' }],
}
const said = (text: string, held: Partial<Filters> = {}) => read(text, { ...NO_FILTERS, ...held }, vocabulary)

test('terms become filters, and words stay', () => {
  expect(said('status:done assignee:me label:"good first issue" priority:urgent due:overdue created-by:ana fix the door')).toEqual({
    change: { status: ['done'], assignee: ['me'], label: ['l1'], priority: ['urgent'], due: 'overdue', created_by: ['u1'] }, rest: 'fix the door', problems: [],
  })
  expect(said('status:"to do",done label:bug,"good first issue"').change).toEqual({ status: ['todo', 'done'], label: ['l2', 'l1'] })
  expect(said('status:done', { status: ['todo'] }).change).toEqual({ status: ['todo', 'done'] })
  expect(said('created:2026-11-01..2026-11-30 due:2026-11-05 is:open').change).toEqual({ created: '2026-11-01..2026-11-30', due: '2026-11-05', open: true })
  expect(said('assignee:@ana STATUS:DONE').change).toEqual({ assignee: ['u1'], status: ['done'] })
})
test('what is not understood is said, with what there is, and stays in the text', () => {
  expect(said('status:don').change).toEqual({ status: ['done'] })
  expect(said('status:in')).toEqual({ change: {}, rest: 'status:in', problems: ['Status “in” is not known. There are In progress, In review.'] })
  expect(said('label:urgend now').problems).toEqual(['Label “urgend” is not known. There are good first issue, Bug.'])
  expect(said('due:soon').problems[0]).toMatch(/no date for due.*overdue, today, week/)
  expect(said('due:2026-02-30').problems).toHaveLength(1)
  expect(said('owner:ana').problems[0]).toMatch(/no filter “owner”.*status/)
  expect(said('is:closed').problems).toHaveLength(1)
  expect(said('constructor:x').problems[0]).toMatch(/no filter/)
  expect(said('see https://example.org/a')).toEqual({ change: {}, rest: 'see https://example.org/a', problems: [] })
})
test('a term that is being written is not searched for, and ends with a space', () => {
  expect(wordsOf('door status:do')).toBe('door')
  expect(wordsOf('door label:"good fi')).toBe('door')
  expect(wordsOf('a label:bug b')).toBe('a b')
  expect(wordsOf('http://x')).toBe('http://x')
  expect([ended('status:done'), ended('status:done '), ended('label:"good '), ended('label:"good first" ')]).toEqual([false, true, false, true])
})

test('an address and the filters it stands for are the same', () => {
  const f = { ...NO_FILTERS, q: 'door', status: ['todo', 'done'], category: ['active'] as Filters['category'], priority: ['high'] as Filters['priority'], label: ['l1'], assignee: ['me', 'none'], created_by: ['u1'], due: 'week', created: '2026-11-01..', completed: '..2026-11-30', open: true }
  expect(filtersOf(queryOf(f) as Record<string, string>)).toEqual(f)
  expect(queryOf(NO_FILTERS)).toEqual({})
  expect(filtersOf({ due: 'soon', created: '2026-13-01', completed: '2026-11-30..2026-11-01', priority: 'huge,low', category: 'x', open: 'yes' })).toEqual({ ...NO_FILTERS, priority: ['low'] })
  expect([rangeOf('2026-11-23'), rangeOf('..'), rangeOf('2026-11-01..'), rangeOf('a..b')]).toEqual([['2026-11-23', '2026-11-23'], null, ['2026-11-01', ''], null])
})

const NOW = new Date(2026, 10, 25, 15, 30).getTime() // a Wednesday
const at = (day: number, hour = 12): string => new Date(2026, 10, day, hour).toISOString()
const reader = { me: 'u-me', category: (t: { status: string }) => (t.status === 'done' ? 'done' : 'active') as 'done' | 'active', now: NOW }
const finds = (f: Partial<Filters>, over: Parameters<typeof task>[1]): boolean => matcher({ ...NO_FILTERS, ...f }, reader)(task('1', over))

test('days are the reader\'s own, from their begin to their end', () => {
  expect(apiOf({ ...NO_FILTERS, created: '2026-11-01..2026-11-30' }, NOW)).toEqual({ created_from: new Date(2026, 10, 1).toISOString(), created_to: new Date(2026, 11, 1).toISOString() })
  expect(apiOf({ ...NO_FILTERS, due: 'overdue' }, NOW)).toEqual({ due_to: new Date(NOW).toISOString(), open: true })
  expect(apiOf({ ...NO_FILTERS, due: 'none', assignee: ['me'] }, NOW)).toEqual({ due: 'none', assigned_to: ['me'] })
  const week = apiOf({ ...NO_FILTERS, due: 'week' }, NOW)
  expect(Date.parse(week.due_to!) - Date.parse(week.due_from!)).toBe(7 * 86_400_000)
})
test('a task is found by each of its fields', () => {
  expect([finds({ due: 'today' }, { due_at: at(25, 23) }), finds({ due: 'today' }, { due_at: at(26, 0) }), finds({ due: 'today' }, {})]).toEqual([true, false, false])
  expect([finds({ due: 'overdue' }, { due_at: at(25) }), finds({ due: 'overdue' }, { due_at: at(25, 16) }), finds({ due: 'overdue' }, { due_at: at(24), status: 'done' })]).toEqual([true, false, false])
  expect([finds({ due: 'none' }, {}), finds({ due: 'none' }, { due_at: at(24) })]).toEqual([true, false])
  expect([finds({ completed: '2026-11-24..' }, { completed_at: at(24, 0) }), finds({ completed: '2026-11-24..' }, {})]).toEqual([true, false])
  expect([finds({ open: true }, {}), finds({ open: true }, { status: 'done' }), finds({ category: ['done'] }, { status: 'done' }), finds({ category: ['done'] }, {})]).toEqual([true, false, true, false])
  expect([finds({ assignee: ['me'] }, { assigned_to: 'u-me' }), finds({ assignee: ['none'] }, {}), finds({ created_by: ['me'] }, {})]).toEqual([true, true, false])
  expect([finds({ label: ['a', 'b'] }, { labels: ['b', 'a'] }), finds({ label: ['a', 'b'] }, { labels: ['a'] })]).toEqual([true, false])
})
test('words are compared as the server does', () => {
  const it = task('1', { key: 'WEB-12', title: 'Überprüfung der Tür' })
  expect(['uber', 'TÜR', 'web 12', 'tur über', 'ür', '…'].map(q => finder(q)(it))).toEqual([true, true, true, true, false, false])
  expect(fold('Straße_Œuvre, Ｆｕｌｌ!')).toBe('strasse oeuvre full')
})
test('10,000 tasks are filtered within 50 ms of a key', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => task(String(i), { title: `Täsk number ${i} of the long list`, priority: i % 2 ? 'low' : 'high' }))
  const type = (q: string): number => {
    const f: Filters = { ...NO_FILTERS, q, priority: ['low'], due: 'none', open: true }
    const [is, has] = [matcher(f, reader), finder(q)]
    return many.filter(t => is(t) && has(t)).length
  }
  expect(type('tas')).toBe(5000)
  // The machine may be busy with something else: its best counts.
  const took = Array.from({ length: 10 }, () => {
    const begin = performance.now()
    expect(type('tas num')).toBe(5000)
    return performance.now() - begin
  })
  expect(Math.min(...took)).toBeLessThan(50)
})

test('days go by the calendar', () => {
  expect([isDay('2026-02-29'), isDay('2028-02-29'), isDay('2026-2-1')]).toEqual([false, true, false])
  expect([addDays('2026-10-24', 2), addDays('2026-03-01', -1), addMonths('2026-01-31', 1), addMonths('2026-01-01', -1)]).toEqual(['2026-10-26', '2026-02-28', '2026-02-01', '2025-12-01'])
  expect([startOfWeek('2026-11-25', 0), startOfWeek('2026-11-25', 6), startOfWeek('2026-11-23', 0)]).toEqual(['2026-11-23', '2026-11-22', '2026-11-23'])
  expect(new Date(onDay(at(25, 9), '2026-12-24'))).toEqual(new Date(2026, 11, 24, 9))
  expect(new Date(onDay(null, '2026-12-24'))).toEqual(new Date(2026, 11, 24, 23, 59))
  expect(startOf('0099-05-01').getFullYear()).toBe(99)
})
