import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test, vi } from 'vitest'
import type { Report } from '@/api'
import { toasts } from '@/ui/toast'
import { useReports } from './store'
import { lastWeeks } from './weeks'

const api = vi.hoisted(() => ({ list: vi.fn(), start: vi.fn(), remove: vi.fn(), file: vi.fn() }))
const heard = vi.hoisted(() => ({ tell: (() => undefined) as (message: unknown) => void }))
vi.mock('@/api', () => ({ reports: api }))
vi.mock('@/features/realtime/stream', () => ({ useStream: () => ({ listenPersonal: (fn: (m: unknown) => void) => { heard.tell = fn }, onRestart: () => undefined }) }))
vi.mock('@/features/session/store', () => ({ useSession: () => ({ onEnd: () => undefined }) }))

const report = (more: Partial<Report> = {}): Report => ({ id: 'r', team_id: 't', project_id: null, kind: 'data', name: 'All.zip', week: null, state: 'waiting', done: 0, total: 0, size: 0, created_at: '2026-11-24T08:00:00Z', finished_at: null, expires_at: null, ...more })
const tell = (more: Partial<Report>): void => heard.tell({ type: 'report.updated', report: report(more) })

beforeEach(() => {
  setActivePinia(createPinia())
  toasts.value = []
})

test('what is told while an answer is under way is not taken back by it', async () => {
  const reports = useReports()
  api.start.mockImplementation(() => { tell({ state: 'running', done: 5, total: 9 }); return Promise.resolve(report()) })
  await reports.start('t', { kind: 'data' })
  expect(reports.of('t')).toEqual([report({ state: 'running', done: 5, total: 9 })])
  api.list.mockResolvedValue({ items: [report({ state: 'running', done: 3, total: 9 }), report({ id: 'old', state: 'done' })] })
  await reports.load('t')
  expect(reports.of('t')!.map(r => [r.id, r.done])).toEqual([['r', 5], ['old', 0]])
})

test('one that was deleted stays away, whatever comes later', async () => {
  const reports = useReports()
  tell({ state: 'running' })
  await reports.remove(report())
  tell({ state: 'running', done: 7, total: 9 })
  api.list.mockResolvedValue({ items: [report()] })
  await reports.load('t')
  expect(reports.of('t')).toEqual([])
})

test('a message says that one is ready, unless one looks at the list', () => {
  const reports = useReports()
  tell({ state: 'running' })
  tell({ state: 'done' })
  tell({ state: 'done' })
  expect(toasts.value.map(t => [t.text, t.action?.label])).toEqual([['“All.zip” is ready', 'Download']])
  toasts.value = []
  const leave = reports.look()
  tell({ id: 's', state: 'running' })
  tell({ id: 's', state: 'done' })
  expect(toasts.value).toEqual([])
  leave()
  tell({ id: 'u', state: 'running' })
  tell({ id: 'u', state: 'failed' })
  expect(toasts.value[0]!.kind).toBe('error')
})

test('weeks begin on Monday, this one first', () => {
  const weeks = lastWeeks(new Date(2026, 10, 29, 23, 30).getTime()) // a Sunday
  expect(weeks.slice(0, 3).map(w => w.value)).toEqual(['2026-11-23', '2026-11-16', '2026-11-09'])
  expect(weeks[1]!.label).toMatch(/^Last week, /)
  expect(weeks).toHaveLength(13)
})
