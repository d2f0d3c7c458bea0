import type { Notification } from '@/api'
import { day, dueText } from '@/lib/time'

export interface Day { name: string; items: Notification[] }

/** "Today", "Yesterday", then the weekday, after a week the date. */
export function dayName(iso: string, now = Date.now()): string {
  const near = dueText(iso, now)
  const text = now - new Date(iso).getTime() < 6 * 86_400_000 && near === day(iso, now) ? new Intl.DateTimeFormat(undefined, { weekday: 'long' }).format(new Date(iso)) : near
  return text[0]!.toUpperCase() + text.slice(1)
}
/** Newest first, as they come, with a heading for each day. */
export function byDay(items: readonly Notification[], now = Date.now()): Day[] {
  const days: Day[] = []
  for (const item of items) {
    const name = dayName(item.created_at, now)
    if (days.at(-1)?.name !== name) days.push({ name, items: [] })
    days.at(-1)!.items.push(item)
  }
  return days
}
