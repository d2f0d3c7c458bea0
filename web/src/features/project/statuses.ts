import type { Category, Status, StatusInput } from '@/api'

export const CATEGORIES: readonly Category[] = ['backlog', 'active', 'done', 'cancelled']
export const CATEGORY_NAMES: Record<Category, string> = { backlog: 'Not started', active: 'In progress', done: 'Done', cancelled: 'Cancelled' }
export const CATEGORY_HINTS: Record<Category, string> = {
  backlog: 'Tasks wait here. They count as open.',
  active: 'Somebody works on the tasks here. They count as open.',
  done: 'Tasks that come here count as completed.',
  cancelled: 'Tasks end here without a result. They count neither as open nor as done.',
}
/** As many columns as the server lets a board have. */
export const MOST_STATUSES = 20

/** The limit as a form's text, and back; an empty text is no limit. */
export const limitText = (limit: number | null): string => (limit === null ? '' : String(limit))
export const limitOf = (text: string): number | null => (text.trim() === '' ? null : Number(text))

export type StatusForm = Pick<Status, 'name' | 'color' | 'category'> & { limit: string }
export const formOf = (status: Status): StatusForm => ({ name: status.name, color: status.color, category: status.category, limit: limitText(status.wip_limit) })
/** What of a form goes to the server. */
export function inputOf({ limit, ...rest }: Partial<StatusForm>): Partial<StatusInput> {
  return limit === undefined ? rest : { ...rest, wip_limit: limitOf(limit) }
}

/** Where the tasks of a status most likely belong when it goes: one of the same meaning, else its neighbour. */
export function heir(statuses: readonly Status[], slug: string): Status | undefined {
  const at = statuses.findIndex(s => s.slug === slug)
  return statuses.find(s => s.slug !== slug && s.category === statuses[at]?.category) ?? statuses[at - 1] ?? statuses[at + 1]
}

export interface Step { order: Status[]; target: { before: string } | { after: string }; at: number }
/** One status moved a place up or down: the new order, and how the server is told. Null at the ends. */
export function step(statuses: readonly Status[], slug: string, by: -1 | 1): Step | null {
  const from = statuses.findIndex(s => s.slug === slug)
  const other = statuses[from + by]
  if (from < 0 || !other) return null
  const order = [...statuses]
  order.splice(from + by, 0, ...order.splice(from, 1))
  return { order, target: by < 0 ? { before: other.slug } : { after: other.slug }, at: from + by }
}
