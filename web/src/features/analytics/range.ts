import type { LocationQuery, LocationQueryRaw } from 'vue-router'

// Which days a page of figures is about; all of it is in the address.

export type Bucket = 'day' | 'week' | 'month'
export interface Range { from: string; to: string; bucket: Bucket }
export const BUCKETS: readonly Bucket[] = ['day', 'week', 'month']
const DAYS: Record<string, number> = { '7d': 7, '30d': 30, '90d': 90, '365d': 365 }
export const PRESETS: readonly { value: string; label: string }[] = [
  { value: '7d', label: 'Last 7 days' }, { value: '30d', label: 'Last 30 days' }, { value: '90d', label: 'Last 90 days' }, { value: '365d', label: 'Last 365 days' }, { value: 'year', label: 'This year' }, { value: 'custom', label: 'Other days…' },
]

const pad = (n: number): string => String(n).padStart(2, '0')
export const isoDay = (d: Date): string => `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`
/** At noon: no change of the clock makes it another day. */
export function dayOf(iso: string): Date {
  const [y, m, d] = iso.split('-').map(Number)
  return new Date(y!, m! - 1, d!, 12)
}
export function addDays(iso: string, days: number): string {
  const at = dayOf(iso)
  at.setDate(at.getDate() + days)
  return isoDay(at)
}
const isDay = (text: unknown): text is string => typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text) && isoDay(dayOf(text)) === text
/** Days from one to another, both counted. */
export const lengthOf = ({ from, to }: Pick<Range, 'from' | 'to'>): number => Math.round((dayOf(to).getTime() - dayOf(from).getTime()) / 86_400_000) + 1
const usual = (days: number): Bucket => (days <= 31 ? 'day' : days <= 190 ? 'week' : 'month')

export function preset(name: string, today = isoDay(new Date())): Pick<Range, 'from' | 'to'> {
  return { from: name === 'year' ? `${today.slice(0, 4)}-01-01` : addDays(today, 1 - (DAYS[name] ?? 30)), to: today }
}
/** Reads an address; what makes no sense in it is left out. */
export function fromQuery(query: LocationQuery, today = isoDay(new Date())): Range & { preset: string } {
  const custom = isDay(query.from) && isDay(query.to) && query.from <= query.to
  const name = custom ? 'custom' : typeof query.range === 'string' && (query.range in DAYS || query.range === 'year') ? query.range : '30d'
  const days = custom ? { from: query.from as string, to: query.to as string } : preset(name, today)
  return { ...days, preset: name, bucket: BUCKETS.find(b => b === query.by) ?? usual(lengthOf(days)) }
}
export function toQuery(range: Range & { preset: string }): LocationQueryRaw {
  const days = range.preset === 'custom' ? { from: range.from, to: range.to } : range.preset === '30d' ? {} : { range: range.preset }
  return { ...days, ...(range.bucket !== usual(lengthOf(range)) && { by: range.bucket }) }
}
/** The last day of a bucket that begins on this one. */
export function endOf(day: string, range: Range): string {
  const at = dayOf(day)
  if (range.bucket === 'week') at.setDate(at.getDate() + 6 - ((at.getDay() + 6) % 7))
  else if (range.bucket === 'month') at.setMonth(at.getMonth() + 1, 0)
  const end = isoDay(at)
  return end > range.to ? range.to : end
}
