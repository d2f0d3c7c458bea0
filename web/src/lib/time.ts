// Dates and times in the reader's language, by Intl alone.

const cache = new Map<string, Intl.DateTimeFormat>()
function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options)
  let made = cache.get(key)
  if (!made) cache.set(key, (made = new Intl.DateTimeFormat(undefined, options)))
  return made
}
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'long' })
const DAY = 86_400_000

const sameYear = (a: Date, b: Date): boolean => a.getFullYear() === b.getFullYear()
const startOfDay = (d: Date): number => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime()

/** "5 minutes ago", "yesterday", and after a week the date. */
export function ago(iso: string, now = Date.now()): string {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000)
  const size = Math.abs(seconds)
  if (size < 45) return relative.format(0, 'second')
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute')
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), 'hour')
  if (size < 7 * 86_400) return relative.format(Math.round(seconds / 86_400), 'day')
  return day(iso, now)
}
/** "Mar 4", with the year when it is another one. */
export function day(iso: string, now = Date.now()): string {
  const date = new Date(iso)
  return formatter(sameYear(date, new Date(now)) ? { month: 'short', day: 'numeric' } : { month: 'short', day: 'numeric', year: 'numeric' }).format(date)
}
/** The whole moment, for titles. */
export const moment = (iso: string): string => formatter({ dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
export const clock = (ms: number): string => formatter({ hour: 'numeric', minute: '2-digit' }).format(new Date(ms))

/** "today", "tomorrow", "Mar 4": for due dates. */
export function dueText(iso: string, now = Date.now()): string {
  const days = Math.round((startOfDay(new Date(iso)) - startOfDay(new Date(now))) / DAY)
  return Math.abs(days) <= 1 ? relative.format(days, 'day') : day(iso, now)
}
export type DueState = 'overdue' | 'soon' | 'later'
/** `soon` is today or tomorrow. */
export function dueState(iso: string, now = Date.now()): DueState {
  const due = new Date(iso)
  if (due.getTime() < now) return 'overdue'
  return startOfDay(due) - startOfDay(new Date(now)) <= DAY ? 'soon' : 'later'
}

/** The day of a moment as an <input type="date"> wants it, in local time. */
export function toDateInput(iso: string | null): string {
  if (!iso) return ''
  const d = new Date(iso)
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`
}
/** A picked day means its end: the task is overdue when the day is over. */
export function fromDateInput(value: string): string | null {
  if (!value) return null
  const [y, m, d] = value.split('-').map(Number)
  return new Date(y!, m! - 1, d, 23, 59, 0).toISOString()
}
