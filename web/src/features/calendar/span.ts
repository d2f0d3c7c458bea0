import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { filtersOf, first, queryOf, type Filters } from '@/features/filters/state'
import { addDays, addMonths, firstDay, isDay, startOf, startOfWeek } from '@/lib/days'

export type Zoom = 'month' | 'week'
/** What a calendar shows; its address says all of it. */
export interface CalendarState extends Filters {
  /** A day of the month or week that shows; '': today. */
  on: string
  zoom: Zoom
  /** The tasks without a due date stand beside it. */
  undated: boolean
}

export function fromQuery(query: LocationQuery): CalendarState {
  const on = first(query.on)
  return { ...filtersOf(query), due: '', on: isDay(on) ? on : '', zoom: first(query.zoom) === 'week' ? 'week' : 'month', undated: first(query.undated) === '1' }
}
export function toQuery({ on, zoom, undated, ...filters }: CalendarState): LocationQueryRaw {
  return { ...queryOf({ ...filters, due: '' }), ...(on && { on }), ...(zoom === 'week' && { zoom }), ...(undated && { undated: '1' }) }
}

/** The days that show: whole weeks, those of the month or the one. */
export function daysOf(on: string, zoom: Zoom, weekStart = firstDay()): string[] {
  const from = startOfWeek(zoom === 'week' ? on : addMonths(on, 0), weekStart)
  const last = zoom === 'week' ? on : addDays(addMonths(on, 1), -1)
  const out: string[] = []
  for (let day = from; day <= last || out.length % 7; day = addDays(day, 1)) out.push(day)
  return out
}
/** The same place, `n` months or weeks on. */
export const step = (on: string, zoom: Zoom, n: number): string => (zoom === 'week' ? addDays(on, 7 * n) : addMonths(on, n))

const format = (day: string, options: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(undefined, options).format(startOf(day))
export const weekdayName = (day: string, style: 'short' | 'long'): string => format(day, { weekday: style })
export const longName = (day: string): string => format(day, { weekday: 'long', day: 'numeric', month: 'long' })
/** "November 2026", "Nov 23 – 29, 2026". */
export function titleOf(on: string, zoom: Zoom): string {
  if (zoom === 'month') return format(on, { month: 'long', year: 'numeric' })
  const days = daysOf(on, 'week')
  return new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', year: 'numeric' }).formatRange(startOf(days[0]!), startOf(days[6]!))
}
