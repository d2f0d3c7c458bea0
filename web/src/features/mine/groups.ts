import type { StoredTask } from '@/features/tasks/model'
import { addDays, firstDay, startOf, startOfWeek, today } from '@/lib/days'

export interface Group { name: string; tasks: StoredTask[] }

/** By when they are due, in the reader's time zone; the tasks come sorted by that. Empty groups are left out. */
export function byDue(tasks: readonly StoredTask[], now: number, first = firstDay()): Group[] {
  const day = today(now)
  const [tomorrow, monday] = [startOf(addDays(day, 1)).getTime(), startOf(addDays(startOfWeek(day, first), 7)).getTime()]
  const groups = ['Overdue', 'Today', 'This week', 'Later', 'No date'].map((name): Group => ({ name, tasks: [] }))
  for (const task of tasks) {
    const due = task.due_at ? Date.parse(task.due_at) : NaN
    const at = Number.isNaN(due) ? 4 : due < now ? 0 : due < tomorrow ? 1 : due < monday ? 2 : 3
    groups[at]!.tasks.push(task)
  }
  return groups.filter(g => g.tasks.length)
}
