import { startOf } from '@/lib/days'
import { day } from '@/lib/time'
import type { IconName } from '@/ui/icons'
import { FIELD_NAMES, type Vocabulary } from './scope'
import { rangeOf, type FilterField, type Filters, type ManyField } from './state'

export const ICONS: Record<FilterField, IconName> = {
  status: 'board', category: 'folder', priority: 'flag', label: 'label', assignee: 'user', created_by: 'pencil', due: 'calendar', created: 'clock', completed: 'check', open: 'inbox',
}
export const DUE_CHOICES = [{ value: 'overdue', label: 'Overdue' }, { value: 'today', label: 'Today' }, { value: 'week', label: 'This week' }, { value: 'none', label: 'No date' }] as const

const named = (date: string): string => day(startOf(date).toISOString())
function dateText(value: string): string {
  const range = rangeOf(value)
  if (!range) return value === 'overdue' ? 'is over' : value === 'none' ? 'is not set' : value === 'week' ? 'this week' : value
  const [from, to] = range
  if (from === to) return named(from)
  return from && to ? `${named(from)} – ${named(to)}` : from ? `since ${named(from)}` : `until ${named(to)}`
}
const manyText = (values: readonly string[], options: Vocabulary[ManyField]): string => values.map(v => options.find(o => o.value === v)?.label ?? v).join(', ')

/** What a chip says: "Status is To do, Done". */
export function chipText(field: FilterField, filters: Filters, vocabulary: Vocabulary): { name: string; value: string } {
  if (field === 'open') return { name: 'Open', value: 'only' }
  if (field === 'due' || field === 'created' || field === 'completed') return { name: FIELD_NAMES[field], value: dateText(filters[field]) }
  return { name: field === 'created_by' ? FIELD_NAMES[field] : `${FIELD_NAMES[field]} is`, value: manyText(filters[field], vocabulary[field]) }
}
