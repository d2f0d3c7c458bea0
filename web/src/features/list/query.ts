import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { Priority, Status, TaskQuery } from '@/api'
import type { StoredTask } from '@/features/tasks/model'
import { PRIORITIES } from '@/lib/colors'

export const SORTS = ['number', 'title', 'status', 'priority', 'due_at', 'updated_at', 'created_at'] as const
export type SortField = (typeof SORTS)[number]

/** What a list shows; all of it is in the address, so that it can be shared and gone back to. */
export interface ListState {
  q: string
  status: string[]
  priority: Priority[]
  label: string[]
  assignee: string[]
  sort: SortField
  descending: boolean
  /** The trash instead. */
  deleted: boolean
}
const DEFAULT_SORT = '-created_at'

const many = (value: unknown): string[] => (typeof value === 'string' ? value.split(',').filter(Boolean) : [])
const first = (value: LocationQuery[string] | undefined): string => (Array.isArray(value) ? value[0] : value) ?? ''

/** Reads an address; what makes no sense in it is left out. */
export function fromQuery(query: LocationQuery): ListState {
  const text = first(query.sort) || DEFAULT_SORT
  const field = SORTS.find(s => s === text.replace(/^-/, ''))
  return {
    q: first(query.q), status: many(first(query.status)), label: many(first(query.label)), assignee: many(first(query.assignee)),
    priority: many(first(query.priority)).filter((p): p is Priority => (PRIORITIES as readonly string[]).includes(p)),
    sort: field ?? 'created_at', descending: field ? text.startsWith('-') : true, deleted: first(query.trash) === '1',
  }
}
export function toQuery(state: ListState): LocationQueryRaw {
  const sort = (state.descending ? '-' : '') + state.sort
  const out: LocationQueryRaw = {}
  if (state.q) out.q = state.q
  for (const name of ['status', 'priority', 'label', 'assignee'] as const) if (state[name].length) out[name] = state[name].join(',')
  if (sort !== DEFAULT_SORT) out.sort = sort
  if (state.deleted) out.trash = '1'
  return out
}
export const filtered = (s: ListState): boolean => Boolean(s.q || s.status.length || s.priority.length || s.label.length || s.assignee.length)

/** As the API wants it. */
export function toApi(projectId: string, s: ListState): TaskQuery {
  return {
    project_id: projectId, sort: (s.descending ? '-' : '') + s.sort, ...(s.q && { q: s.q }), ...(s.status.length && { status: s.status }), ...(s.priority.length && { priority: s.priority }),
    ...(s.label.length && { label: s.label }), ...(s.assignee.length && { assigned_to: s.assignee.join(',') }), ...(s.deleted && { deleted: true }),
  }
}

/** Whether a task belongs into the list, as far as that can be told here: words are the server's to find. */
export function matches(s: ListState, task: StoredTask, me: string | undefined): boolean {
  return Boolean(task.deleted_at) === s.deleted
    && (!s.status.length || s.status.includes(task.status))
    && (!s.priority.length || s.priority.includes(task.priority))
    && s.label.every(id => task.labels.includes(id))
    && (!s.assignee.length || s.assignee.some(who => (who === 'none' ? !task.assigned_to : task.assigned_to === (who === 'me' ? me : who))))
}

/**
 * The server's order: by the field, then by id, both turned round for a descending one. Tasks without a due date come last in
 * ascending order; statuses come as the columns (slugs, from left to right) stand.
 */
export function comparator(s: Pick<ListState, 'sort' | 'descending'>, columns: string[]): (a: StoredTask, b: StoredTask) => number {
  const sign = s.descending ? -1 : 1
  return (a, b) => sign * (compare(key(s.sort, a, columns), key(s.sort, b, columns)) || compare(a.id, b.id))
}
function key(sort: SortField, task: StoredTask, columns: string[]): string | number {
  switch (sort) {
    case 'number': return task.number
    case 'title': return task.title.toLowerCase()
    case 'status': return columns.indexOf(task.status)
    case 'priority': return PRIORITIES.length - PRIORITIES.indexOf(task.priority)
    case 'due_at': return task.due_at ? Date.parse(task.due_at) : Number.MAX_SAFE_INTEGER
    case 'updated_at': return Date.parse(task.updated_at)
    case 'created_at': return Date.parse(task.created_at)
  }
}
const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0)

/** Turns a value of a many-valued filter on or off. */
export const toggled = <T>(list: readonly T[], value: T): T[] => (list.includes(value) ? list.filter(v => v !== value) : [...list, value])
export const statusNames = (slugs: readonly string[], statuses: readonly Status[]): string => slugs.map(slug => statuses.find(s => s.slug === slug)?.name ?? slug).join(', ')
