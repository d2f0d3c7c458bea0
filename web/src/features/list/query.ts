import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { TaskQuery } from '@/api'
import { apiOf, filtersOf, first, queryOf, type Filters } from '@/features/filters/state'
import type { StoredTask } from '@/features/tasks/model'
import { PRIORITIES } from '@/lib/colors'

export const SORTS = ['number', 'title', 'status', 'priority', 'due_at', 'updated_at', 'created_at'] as const
export type SortField = (typeof SORTS)[number]

/** What a list shows; all of it is in the address, so that it can be shared and gone back to. */
export interface ListState extends Filters {
  sort: SortField
  descending: boolean
  /** The trash instead. */
  deleted: boolean
}
const DEFAULT_SORT = '-created_at'

/** Reads an address; what makes no sense in it is left out. */
export function fromQuery(query: LocationQuery): ListState {
  const text = first(query.sort) || DEFAULT_SORT
  const field = SORTS.find(s => s === text.replace(/^-/, ''))
  return { ...filtersOf(query), sort: field ?? 'created_at', descending: field ? text.startsWith('-') : true, deleted: first(query.trash) === '1' }
}
const sortOf = (state: ListState): string => (state.descending ? '-' : '') + state.sort
export function toQuery(state: ListState): LocationQueryRaw {
  return { ...queryOf(state), ...(sortOf(state) !== DEFAULT_SORT && { sort: sortOf(state) }), ...(state.deleted && { trash: '1' }) }
}
/** As the API wants it. */
export const toApi = (s: ListState): TaskQuery => ({ ...apiOf(s), sort: sortOf(s), ...(s.deleted && { deleted: true }) })

/**
 * The server's order: by the field, then by id, both turned round for a descending one. Tasks without a due date come last in
 * ascending order; statuses come as the columns stand: `rank` gives the position of a task's.
 */
export function comparator(s: Pick<ListState, 'sort' | 'descending'>, rank: (task: StoredTask) => string): (a: StoredTask, b: StoredTask) => number {
  const sign = s.descending ? -1 : 1
  return (a, b) => sign * (compare(key(s.sort, a, rank), key(s.sort, b, rank)) || compare(a.id, b.id))
}
function key(sort: SortField, task: StoredTask, rank: (task: StoredTask) => string): string | number {
  switch (sort) {
    case 'number': return task.number
    case 'title': return task.title.toLowerCase()
    case 'status': return rank(task)
    case 'priority': return PRIORITIES.length - PRIORITIES.indexOf(task.priority)
    case 'due_at': return task.due_at ? Date.parse(task.due_at) : Number.MAX_SAFE_INTEGER
    case 'updated_at': return Date.parse(task.updated_at)
    case 'created_at': return Date.parse(task.created_at)
  }
}
const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0)
