// Days without a time, as `2026-11-23`: what people mean by a date. Arithmetic goes by the calendar, so that a day of 23 or
// 25 hours is one day, and everything is in the reader's own time zone.

const two = (n: number): string => String(n).padStart(2, '0')
export const dayOf = (date: Date): string => `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
export const today = (now = Date.now()): string => dayOf(new Date(now))

/** When a day begins. Where clocks go forward at midnight that is one o'clock. */
export function startOf(day: string): Date {
  const [y, m, d] = day.split('-').map(Number)
  const date = new Date(2000, 0, 1) // years before 100 would be taken for those of the last century
  date.setFullYear(y!, m! - 1, d!)
  date.setHours(0, 0, 0, 0)
  return date
}
/** Whether it is a day that exists. */
export const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && dayOf(startOf(text)) === text

export function addDays(day: string, n: number): string {
  const date = startOf(day)
  date.setDate(date.getDate() + n)
  return dayOf(date)
}
/** The first of a month, `n` months on. */
export function addMonths(day: string, n: number): string {
  const date = startOf(`${day.slice(0, 7)}-01`)
  date.setMonth(date.getMonth() + n)
  return dayOf(date)
}
/** 0 for Monday to 6 for Sunday. */
const weekday = (day: string): number => (startOf(day).getDay() + 6) % 7

interface Week { firstDay: number }
/** The day weeks begin with where the reader lives: 0 for Monday. */
export function firstDay(locale = typeof navigator === 'undefined' ? 'en' : navigator.language): number {
  const it = new Intl.Locale(locale) as Intl.Locale & { getWeekInfo?: () => Week; weekInfo?: Week }
  return ((it.getWeekInfo?.() ?? it.weekInfo)?.firstDay ?? 1) - 1
}
/** The first day of the week that a day is in. */
export const startOfWeek = (day: string, first = firstDay()): string => addDays(day, -((weekday(day) - first + 7) % 7))

/** Moves a moment to another day at the same time of the day; one without a time comes to its end, as a picked date does. */
export function onDay(iso: string | null, day: string): string {
  const date = startOf(day)
  const old = iso ? new Date(iso) : null
  date.setHours(old?.getHours() ?? 23, old?.getMinutes() ?? 59, old?.getSeconds() ?? 0, old?.getMilliseconds() ?? 0)
  return date.toISOString()
}
