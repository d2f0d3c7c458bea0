import { expect, test } from 'vitest'
import { task } from '@/test/fakes'
import { byDue } from './groups'

const NOW = new Date(2026, 10, 25, 15, 0).getTime() // a Wednesday
const due = (id: string, ...at: [number, number, number, number, number?] | []) => task(id, { due_at: at.length ? new Date(...at).toISOString() : null })
const names = (tasks: ReturnType<typeof due>[], now = NOW, first = 0): string[] => byDue(tasks, now, first).map(g => `${g.name}: ${g.tasks.map(t => t.id).join()}`)

test('tasks are grouped by when they are due', () => {
  expect(names([due('late', 2026, 10, 20, 12), due('earlier today', 2026, 10, 25, 14), due('today', 2026, 10, 25, 23, 59), due('sunday', 2026, 10, 29, 23, 59), due('monday', 2026, 10, 30, 0), due('never')]))
    .toEqual(['Overdue: late,earlier today', 'Today: today', 'This week: sunday', 'Later: monday', 'No date: never'])
})
test('a week ends where the reader\'s ends, and there are no empty groups', () => {
  expect(names([due('saturday', 2026, 10, 28, 12), due('sunday', 2026, 10, 29, 12)], NOW, 6)).toEqual(['This week: saturday', 'Later: sunday'])
  expect(names([due('tomorrow', 2026, 10, 30, 12)], new Date(2026, 10, 29, 12).getTime())).toEqual(['Later: tomorrow'])
})
