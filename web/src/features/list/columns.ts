import type { SortField } from './query'

/** The grid that head and rows share. It goes by the room that the sidebar leaves, not by the window. `--lead` makes room for what stands before the priority. */
export const COLUMNS = 'grid grid-cols-[var(--lead,1.25rem)_4.5rem_minmax(0,1fr)_8rem_2rem_7rem_8rem] @max-4xl:grid-cols-[var(--lead,1.25rem)_4rem_minmax(0,1fr)_7rem_2rem_6rem] @max-2xl:grid-cols-[var(--lead,1.25rem)_minmax(0,auto)_minmax(0,1fr)_1rem_1.5rem]'

export interface Head { label: string; sort?: SortField; /** The first click sorts this way. */ descending?: boolean; /** Only a sign shows: always, or where there is no room. */ quiet?: boolean | 'phone'; class?: string; /** The first button has the edge of the table too. */ first?: boolean }
export const HEADS: readonly Head[] = [
  { label: 'Priority', sort: 'priority', descending: true, quiet: true, first: true },
  { label: 'Key', sort: 'number', descending: true },
  { label: 'Title', sort: 'title' },
  { label: 'Status', sort: 'status', quiet: 'phone' },
  { label: 'Assignee', quiet: true },
  { label: 'Due', sort: 'due_at', class: '@max-4xl:hidden' },
  { label: 'Changed', sort: 'updated_at', descending: true, class: 'justify-end @max-2xl:hidden' },
]

/** A button of the head takes the gaps around it as well: 24 px, and 44 for fingers, though a column may be 16 wide. */
const REACH = 'relative -me-2 h-full min-w-6 ps-1 pe-2 pointer-coarse:min-w-11 @max-2xl:-me-3 @max-2xl:pe-3'
export const reachOf = (head: Head): string => `${REACH} ${head.first ? '-ms-4 !ps-4 @max-2xl:-ms-3 @max-2xl:!ps-3' : '-ms-1 @max-2xl:ms-0 @max-2xl:ps-0'}`
