import type { SortField } from './query'

/** The grid that head and rows share. */
export const COLUMNS = 'grid grid-cols-[1.25rem_4.5rem_minmax(0,1fr)_8rem_2rem_7rem_8rem] max-md:grid-cols-[1.25rem_4rem_minmax(0,1fr)_7rem_2rem_6rem] max-sm:grid-cols-[1.25rem_minmax(0,auto)_minmax(0,1fr)_1rem_1.5rem]'

export interface Head { label: string; sort?: SortField; /** The first click sorts this way. */ descending?: boolean; /** Only a sign shows: always, or where there is no room. */ quiet?: boolean | 'phone'; class?: string }
export const HEADS: readonly Head[] = [
  { label: 'Priority', sort: 'priority', descending: true, quiet: true },
  { label: 'Key', sort: 'number', descending: true },
  { label: 'Title', sort: 'title' },
  { label: 'Status', sort: 'status', quiet: 'phone' },
  { label: 'Assignee', quiet: true },
  { label: 'Due', sort: 'due_at', class: 'max-md:hidden' },
  { label: 'Changed', sort: 'updated_at', descending: true, class: 'justify-end max-sm:hidden' },
]
