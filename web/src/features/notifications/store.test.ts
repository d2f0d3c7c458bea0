import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import type { NotificationMessage } from '@/api'
import type { ChannelHooks } from '@/features/realtime/connection'
import { useStream } from '@/features/realtime/stream'
import { useSession } from '@/features/session/store'
import { ann, fail, fakeServer, gate, notification, problem } from '@/test/fakes'
import { toasts } from '@/ui/toast'
import { useNotifications } from './store'
import { useUnread } from './unread'
import { useNotificationList, type Wanted } from './useNotificationList'

const channels = new Map<string, ChannelHooks>()
vi.mock('@/features/realtime/connection', async () => {
  const { ref } = await import('vue')
  return { link: ref('live'), ended: ref(''), open: (name: string, hooks: ChannelHooks) => { channels.set(name, hooks); return () => undefined }, reconnect: async () => undefined, disconnect: async () => undefined }
})

let server: ReturnType<typeof fakeServer>
let unread: ReturnType<typeof useUnread>
let store: ReturnType<typeof useNotifications>
const wanted = ref<Wanted>({ types: [], unread: false })
let scope = effectScope()
let list: ReturnType<typeof useNotificationList>
const three = [notification('3'), notification('2', { is_read: true }), notification('1')]
const says = (message: NotificationMessage): void => channels.get(`user:${ann.id}`)!.publication!(message)
const shown = (): string[] => list.rows.value.map(n => n.id)
const bodies = (route: string): unknown[] => server.calls.filter(c => `${c.method} ${c.path}` === route).map(c => c.body.ids)
const settled = async (): Promise<void> => { await vi.advanceTimersByTimeAsync(10) }

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse('2026-01-01T01:00:00Z') })
  setActivePinia(createPinia())
  useSession().user = ann
  server = fakeServer()
  server.on('GET /notifications', () => ({ items: three, next_cursor: null }))
  server.on('GET /notifications/unread', () => ({ count: 2 }))
  wanted.value = { types: [], unread: false }
  unread = useUnread()
  unread.seed(2)
  store = useNotifications()
  useStream().start()
  scope = effectScope()
  list = scope.run(() => useNotificationList(() => wanted.value, 50))!
  await settled()
})
afterEach(async () => {
  scope.stop()
  await useStream().stop()
  toasts.value = []
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('an answer that a message overtook does not take the number back', async () => {
  const answers = [gate<{ count: number }>(), gate<{ count: number }>()]
  let asked = 0
  server.on('GET /notifications/unread', () => answers[asked++]!.wait)
  const reading = unread.refresh()
  says({ type: 'notification.created', notification: notification('4'), unread: 3 })
  answers[0]!.open({ count: 2 })
  await settled()
  expect(unread.count).toBe(3)
  answers[1]!.open({ count: 3 })
  await reading
  expect(unread.count).toBe(3)
})
test('the boot data says how many are unread, and the title of the tab says so too', async () => {
  expect(unread.count).toBe(2)
  expect(document.title).toMatch(/^\(2\) /)
  says({ type: 'notification.read', all: true, unread: 0 })
  await nextTick()
  expect(document.title).not.toMatch(/^\(/)
  expect(list.rows.value.every(n => store.isRead(n))).toBe(true)
})
test('a new one comes first, with the new number', () => {
  says({ type: 'notification.created', notification: notification('4'), unread: 3 })
  expect(shown()).toEqual(['4', '3', '2', '1'])
  expect(unread.count).toBe(3)
})
test('what is read or deleted in another tab is so here', () => {
  says({ type: 'notification.read', ids: ['3'], unread: 1 })
  expect(store.isRead(store.known.get('3')!)).toBe(true)
  says({ type: 'notification.deleted', ids: ['1'], unread: 0 })
  expect(shown()).toEqual(['3', '2'])
  expect(unread.count).toBe(0)
})
test('reading shows at once, and an answer after the message changes nothing more', async () => {
  const answer = gate()
  server.on('POST /notifications/read', async () => { await answer.wait; return { count: 1 } })
  const done = store.read(['3', '2'])
  expect(unread.count).toBe(1)
  says({ type: 'notification.read', ids: ['3'], unread: 1 })
  expect(unread.count).toBe(1)
  answer.open()
  await done
  expect(unread.count).toBe(1)
  expect(bodies('POST /notifications/read')).toEqual([['3']])
})
test('a refused reading is taken back', async () => {
  server.on('POST /notifications/read', () => problem(500, { title: 'No' }))
  await store.read(['3'])
  expect(unread.count).toBe(2)
  expect(store.isRead(store.known.get('3')!)).toBe(false)
  expect(toasts.value[0]?.text).toContain('Could not mark that as read')
})
test('without a network reading stays, and is sent when the connection is back', async () => {
  server.on('POST /notifications/read', fail)
  const done = store.read(['3'])
  await vi.advanceTimersByTimeAsync(3000)
  await done
  expect(unread.count).toBe(1)
  expect(toasts.value).toEqual([])
  server.on('POST /notifications/read', () => ({ count: 1 }))
  server.on('GET /notifications/unread', () => ({ count: 1 }))
  channels.get(`user:${ann.id}`)!.subscribed!(true, null, null)
  await settled()
  expect(unread.count).toBe(1)
  expect(store.known.get('3')!.is_read).toBe(true)
})
test('all are read at once; when that is refused they are unread again', async () => {
  server.on('POST /notifications/read-all', () => problem(500))
  const done = store.readAll()
  expect(unread.count).toBe(0)
  await done
  expect(unread.count).toBe(2)
  server.on('POST /notifications/read-all', () => ({ count: 0 }))
  await store.readAll()
  expect(unread.count).toBe(0)
})
test('deleting hides at once, and can be taken back before the server hears of it', async () => {
  server.on('POST /notifications/delete', () => ({ count: 1 }))
  store.remove(['3'])
  expect(shown()).toEqual(['2', '1'])
  expect(unread.count).toBe(1)
  toasts.value[0]!.action!.run()
  expect(shown()).toEqual(['3', '2', '1'])
  expect(unread.count).toBe(2)
  await vi.advanceTimersByTimeAsync(6000)
  expect(bodies('POST /notifications/delete')).toEqual([])

  store.remove(['3', '2'])
  await vi.advanceTimersByTimeAsync(6000)
  expect(bodies('POST /notifications/delete')).toEqual([['3', '2']])
  expect(unread.count).toBe(1)
  expect(store.known.has('3')).toBe(false)
})
test('a page that ends does not wait with deleting', async () => {
  server.on('POST /notifications/delete', () => ({ count: 1 }))
  store.remove(['3'])
  window.dispatchEvent(new Event('pagehide'))
  await settled()
  expect(bodies('POST /notifications/delete')).toEqual([['3']])
})
test('a refused deletion comes back', async () => {
  server.on('POST /notifications/delete', () => problem(500))
  store.remove(['3'])
  await vi.advanceTimersByTimeAsync(6000)
  expect(shown()).toEqual(['3', '2', '1'])
  expect(unread.count).toBe(2)
})
test('more than two hundred go in parts', async () => {
  const many = Array.from({ length: 250 }, (_, i) => notification(`n${i}`))
  store.accept(many)
  server.on('POST /notifications/read', () => ({ count: 0 }))
  await store.read(many.map(n => n.id))
  expect(bodies('POST /notifications/read').map(ids => (ids as string[]).length)).toEqual([200, 50])
})
test('after a gap the list is read again: what is gone goes', async () => {
  server.on('GET /notifications', () => ({ items: [notification('5'), notification('3', { is_read: true })], next_cursor: null }))
  server.on('GET /notifications/unread', () => ({ count: 1 }))
  channels.get(`user:${ann.id}`)!.subscribed!(false, null, null)
  await settled()
  expect(shown()).toEqual(['5', '3'])
  expect(unread.count).toBe(1)
})
test('another number of unread ones than was known means that something was missed', async () => {
  server.on('GET /notifications/unread', () => ({ count: 3 }))
  server.on('GET /notifications', () => ({ items: [notification('4'), ...three], next_cursor: null }))
  channels.get(`user:${ann.id}`)!.subscribed!(true, null, null)
  await settled()
  expect(shown()).toEqual(['4', '3', '2', '1'])
})
test('filters ask the server, and hold for what comes live', async () => {
  server.on('GET /notifications', () => ({ items: [notification('1', { type: 'task_assigned' })], next_cursor: null }))
  wanted.value = { types: ['task_assigned'], unread: true }
  await settled()
  const call = server.calls.findLast(c => c.path === '/notifications')!
  expect([call.query.get('type'), call.query.get('is_read')]).toEqual(['task_assigned', 'false'])
  expect(shown()).toEqual(['1'])
  says({ type: 'notification.created', notification: notification('7', { type: 'task_commented' }), unread: 3 })
  says({ type: 'notification.created', notification: notification('8', { type: 'task_assigned' }), unread: 4 })
  expect(shown()).toEqual(['8', '1'])
})
test('it pages back, without a gap before what is known from elsewhere', async () => {
  scope.stop()
  server.on('GET /notifications', ({ query }) => (query.get('cursor') ? { items: [notification('1')], next_cursor: null } : { items: [notification('3')], next_cursor: 'x' }))
  scope = effectScope()
  list = scope.run(() => useNotificationList(() => wanted.value, 1))!
  await settled()
  expect(shown()).toEqual(['3'])
  list.more()
  await settled()
  expect(shown()).toContain('1')
  expect(list.cursor.value).toBeNull()
})
