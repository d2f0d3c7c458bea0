import { addDays, startOf, startOfWeek, today } from '@/lib/days'

const MANY = 13
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** This week and those before it, newest first, each by its Monday. */
export function lastWeeks(now = Date.now()): { value: string; label: string }[] {
  return Array.from({ length: MANY }, (_, back) => {
    const value = addDays(startOfWeek(today(now), 0), -7 * back)
    const days = `${short.format(startOf(value))} to ${short.format(startOf(addDays(value, 6)))}`
    return { value, label: back > 1 ? days : `${back ? 'Last' : 'This'} week, ${days}` }
  })
}
