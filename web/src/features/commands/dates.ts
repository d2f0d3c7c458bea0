// Due dates as people say them, in local days.

const pad = (n: number): string => String(n).padStart(2, '0')
const iso = (d: Date): string => `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`
/** Counts on the calendar: a day may have 23 or 25 hours. */
const plus = (now: Date, days: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days)
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const next = (now: Date, weekday: number): Date => plus(now, ((weekday - now.getDay() + 6) % 7) + 1)

export function dates(now = new Date()): { id: string; label: string; value: string }[] {
  return [
    { id: 'today', label: 'Today', value: iso(now) },
    { id: 'tomorrow', label: 'Tomorrow', value: iso(plus(now, 1)) },
    { id: 'friday', label: 'Friday', value: iso(next(now, 5)) },
    { id: 'monday', label: 'Monday', value: iso(next(now, 1)) },
    { id: 'fortnight', label: 'In two weeks', value: iso(plus(now, 14)) },
  ]
}

/** "2026-12-24", "in 3 days", "in 2 weeks", "wednesday": the day as YYYY-MM-DD; undefined: it is none. */
export function dateIn(text: string, now = new Date()): string | undefined {
  const words = text.trim().toLowerCase()
  const date = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(words)
  if (date) {
    const [, y, m, d] = date.map(Number)
    const made = new Date(y!, m! - 1, d!)
    return made.getMonth() === m! - 1 && made.getDate() === d && y! >= 1970 ? iso(made) : undefined
  }
  const later = /^(?:in )?(\d{1,4}) ?(days?|weeks?|d|w)$/.exec(words)
  if (later) return iso(plus(now, Number(later[1]) * (later[2]!.startsWith('w') ? 7 : 1)))
  const weekday = words.length >= 3 ? DAYS.findIndex(name => name.startsWith(words)) : -1
  return weekday >= 0 ? iso(next(now, weekday)) : undefined
}
