// What tests stand on: made-up data, and a server behind `fetch` whose answers each test sets.
import { vi } from 'vitest'
import type { Board, Card, Me, Message, Notification, Problem, Project, Status, Task, TaskDetail } from '@/api'
import { setToken } from '@/api/token'

export const T0 = '2026-01-01T00:00:00Z'
export const ann: Me = { id: 'u-ann', username: 'ann', name: 'Ann Lee', avatar_url: null, email: 'ann@example.org', timezone: 'UTC', locale: 'en', theme: 'system', is_admin: false, email_verified: true, email_suspended: null, created_at: T0 }

export const status = (slug: string, count = 0, category: Status['category'] = 'active'): Status => ({ slug, name: slug, color: 'gray', category, wip_limit: null, position: slug, count })
export const project = (statuses = [status('todo'), status('done')]): Project => ({ id: 'p1', team_id: 't1', key: 'WEB', name: 'Web', description: '', archived: false, statuses, version: 1, created_at: T0, updated_at: T0 })
export function task(id: string, over: Partial<Task> = {}): Task {
  return {
    id, team_id: 't1', project_id: 'p1', key: `WEB-${id}`, number: 1, title: `Task ${id}`, description: '', status: 'todo', priority: 'none', position: `a${id}`, labels: [],
    assigned_to: null, created_by: ann.id, imported_author: null, due_at: null, completed_at: null, comment_count: 0, version: 1, created_at: T0, updated_at: T0, deleted_at: null, ...over,
  }
}
export const detail = (id: string, over: Partial<TaskDetail> = {}): TaskDetail => ({ ...task(id), description_html: '', watching: false, muted: false, creator: null, assignee: null, ...over })
export function board(items: Record<string, Card[]>, over: { counts?: Record<string, number>; cursors?: Record<string, string>; seq?: number } = {}): Board {
  const statuses = Object.entries(items).map(([slug, list]) => status(slug, over.counts?.[slug] ?? list.length))
  const columns = Object.fromEntries(Object.entries(items).map(([slug, list]) => [slug, { items: list, next_cursor: over.cursors?.[slug] ?? null }]))
  return { project: project(statuses), statuses, members: [], labels: [], columns, seq: over.seq ?? 10, epoch: 'e' }
}
export const notification = (id: string, over: Partial<Notification> = {}): Notification => ({
  id, type: 'mention', title: `Bob mentioned you in WEB-${id}`, message: 'Have a look', link: `/p/p1/board/WEB-${id}?comment=c${id}`, is_read: false, created_at: `2026-01-01T00:00:0${id.length > 1 ? 9 : id}Z`,
  team_id: 't1', project_id: 'p1', task_id: id, comment_id: `c${id}`, task_count: 1, triggered_by: { id: 'u-bob', username: 'bob', name: 'Bob', avatar_url: null }, ...over,
})
let seq = 100
export function message<M extends Partial<Message>>(over: M): Message {
  return { id: 'm', team_id: 't1', seq: ++seq, updated_by: null, mutation_id: null, timestamp: T0, ...over } as unknown as Message
}

export interface Call { method: string; path: string; query: URLSearchParams; body: Record<string, unknown>; key: string | null }
type Answer = (call: Call) => unknown

/** Answers by "METHOD /path"; `fail` makes the network break, `problem` makes a refusal. */
export function fakeServer() {
  const routes = new Map<string, Answer>()
  const calls: Call[] = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    const headers = new Headers(init.headers)
    const call: Call = {
      method: init.method ?? 'GET', path: pathname.replace('/api', ''), query: searchParams, key: headers.get('Idempotency-Key'),
      body: typeof init.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {},
    }
    calls.push(call)
    const answer = routes.get(`${call.method} ${call.path}`)
    if (!answer) return json({ status: 404, title: `no fake for ${call.method} ${call.path}` }, 404)
    const value = await answer(call)
    if (value instanceof Refusal) return json(value.problem, value.problem.status)
    return value === undefined ? new Response(null, { status: 204 }) : json(value, 200)
  })
  setToken({ access_token: 'token', expires_in: 900, user: ann })
  return { calls, on: (route: string, answer: Answer) => void routes.set(route, answer) }
}
class Refusal { constructor(readonly problem: Problem) {} }
export const problem = (status: number, over: Partial<Problem> = {}): Refusal => new Refusal({ status, title: 'Refused', ...over })
export const fail = (): never => { throw new TypeError('network') }
const json = (value: unknown, status: number): Response => new Response(JSON.stringify(value), { status, headers: { 'Content-Type': 'application/json' } })

/** A promise to be settled by the test. */
export function gate<T = void>(): { wait: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void
  const wait = new Promise<T>(resolve => (open = resolve))
  return { wait, open }
}
