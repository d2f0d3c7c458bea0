import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { Category, Priority, TaskQuery } from '@/api'
import type { StoredTask } from '@/features/tasks/model'
import { PRIORITIES } from '@/lib/colors'
import { addDays, isDay, startOf, startOfWeek, today } from '@/lib/days'
import { fold, hasWords } from '@/lib/fold'

export const CATEGORIES: readonly Category[] = ['backlog', 'active', 'done', 'cancelled']
export const MANY = ['status', 'category', 'priority', 'label', 'assignee', 'created_by'] as const
export const DATES = ['due', 'created', 'completed'] as const
export type ManyField = (typeof MANY)[number]
export type DateField = (typeof DATES)[number]
export type FilterField = ManyField | DateField | 'open'

/** Which tasks a view shows. Its address says all of it, under these names. */
export interface Filters {
  q: string
  status: string[]
  category: Category[]
  priority: Priority[]
  label: string[]
  /** Ids, `me` or `none`. */
  assignee: string[]
  /** Ids or `me`. */
  created_by: string[]
  /** `overdue`, `today`, `week`, `none`, or days `from..to`, both included; either may be empty. */
  due: string
  created: string
  completed: string
  /** Neither done nor cancelled. */
  open: boolean
}
export const NO_FILTERS: Readonly<Filters> = { q: '', status: [], category: [], priority: [], label: [], assignee: [], created_by: [], due: '', created: '', completed: '', open: false }
const DUE_WORDS: readonly string[] = ['overdue', 'today', 'week', 'none']

export const first = (value: LocationQuery[string] | undefined): string => (Array.isArray(value) ? value[0] : value) ?? ''
const many = (value: LocationQuery[string] | undefined): string[] => [...new Set(first(value).split(',').filter(Boolean))]
const among = <T extends string>(list: string[], known: readonly T[]): T[] => list.filter((v): v is T => (known as readonly string[]).includes(v))

/** The two days of `from..to`; null: it is nothing of the kind. One day alone is from its begin to its end. */
export function rangeOf(text: string): [from: string, to: string] | null {
  const [from = '', to, more] = text.includes('..') ? text.split('..') : [text, text]
  if (more !== undefined || (!from && !to) || (from && !isDay(from)) || (to && !isDay(to))) return null
  return from && to && from > to ? null : [from, to ?? '']
}
export const isDate = (field: DateField, text: string): boolean => (field === 'due' && DUE_WORDS.includes(text)) || rangeOf(text) !== null

/** Reads an address; what makes no sense in it is left out. */
export function filtersOf(query: LocationQuery): Filters {
  const date = (field: DateField): string => (isDate(field, first(query[field])) ? first(query[field]) : '')
  return {
    q: first(query.q), status: many(query.status), category: among(many(query.category), CATEGORIES), priority: among(many(query.priority), PRIORITIES), label: many(query.label),
    assignee: many(query.assignee), created_by: many(query.created_by), due: date('due'), created: date('created'), completed: date('completed'), open: first(query.open) === '1',
  }
}
export function queryOf(f: Filters): LocationQueryRaw {
  const out: LocationQueryRaw = {}
  if (f.q) out.q = f.q
  for (const name of MANY) if (f[name].length) out[name] = f[name].join(',')
  for (const name of DATES) if (f[name]) out[name] = f[name]
  if (f.open) out.open = '1'
  return out
}
export const isOn = (f: Filters, field: FilterField): boolean => (field === 'open' ? f.open : f[field].length > 0)
export const filtered = (f: Filters): boolean => Boolean(f.q) || f.open || [...MANY, ...DATES].some(field => f[field].length > 0)

/** From a moment up to another, which is no part of it. */
interface Span { from?: Date; to?: Date }
function spanOf(text: string, now: number): Span {
  if (text === 'overdue') return { to: new Date(now) }
  const day = today(now)
  const monday = startOfWeek(day)
  const [from, to] = text === 'today' ? [day, day] : text === 'week' ? [monday, addDays(monday, 6)] : (rangeOf(text) ?? ['', ''])
  return { ...(from && { from: startOf(from) }), ...(to && { to: startOf(addDays(to, 1)) }) }
}
/** Whether a moment is one of those that a date filter means. */
function within(text: string, now: number): (iso: string | null) => boolean {
  if (!text) return () => true
  if (text === 'none') return iso => iso === null
  const { from, to } = spanOf(text, now)
  const [least, end] = [from?.getTime() ?? -Infinity, to?.getTime() ?? Infinity]
  return iso => {
    const at = iso === null ? NaN : Date.parse(iso)
    return at >= least && at < end
  }
}

/** As the API wants it. */
export function apiOf(f: Filters, now = Date.now()): TaskQuery {
  const out: TaskQuery = {}
  if (f.q) out.q = f.q
  for (const name of ['status', 'category', 'priority', 'label', 'created_by'] as const) if (f[name].length) out[name] = f[name]
  if (f.assignee.length) out.assigned_to = f.assignee
  for (const name of DATES) {
    if (name === 'due' && f.due === 'none') out.due = 'none'
    else if (f[name]) {
      const { from, to } = spanOf(f[name], now)
      if (from) out[`${name}_from`] = from.toISOString()
      if (to) out[`${name}_to`] = to.toISOString()
    }
  }
  if (f.open || f.due === 'overdue') out.open = true
  return out
}

export interface Reader { me: string | undefined; category(task: StoredTask): Category | undefined; now?: number }

/** Whether a task is one of those, as far as its fields tell: where words are, in texts that are not here, the server finds. */
export function matcher(f: Filters, { me, category, now = Date.now() }: Reader): (task: StoredTask) => boolean {
  const is = (list: readonly string[], id: string | null): boolean => !list.length || list.some(who => (who === 'none' ? !id : id === (who === 'me' ? me : who)))
  const has = <T>(list: readonly T[], value: T): boolean => !list.length || list.includes(value)
  const [due, created, completed] = DATES.map(field => within(f[field], now)) as [ReturnType<typeof within>, ReturnType<typeof within>, ReturnType<typeof within>]
  const open = f.open || f.due === 'overdue'
  const byCategory = open || f.category.length > 0
  return task => {
    if (!has(f.status, task.status) || !has(f.priority, task.priority) || !f.label.every(id => task.labels.includes(id)) || !is(f.assignee, task.assigned_to) || !is(f.created_by, task.created_by)) return false
    if (!due(task.due_at) || !created(task.created_at) || !completed(task.completed_at)) return false
    const it = byCategory ? category(task) : undefined
    return has<string | undefined>(f.category, f.category.length ? it : undefined) && !(open && (it === 'done' || it === 'cancelled'))
  }
}

const folded = new WeakMap<StoredTask, string>()
/** Whether key and title of a task have the words; all its words are only known to the server. */
export function finder(q: string): (task: StoredTask) => boolean {
  const words = fold(q).split(' ').filter(Boolean)
  return task => {
    let text = folded.get(task)
    if (text === undefined) folded.set(task, (text = fold(`${task.key} ${task.title}`)))
    return words.length > 0 && hasWords(text, words)
  }
}
