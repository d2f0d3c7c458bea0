import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Comment } from '@/api'
import { useSession } from '@/features/session/store'
import { useTasks } from '@/features/tasks/store'
import { inMemory, useBox } from '@/features/tasks/outbox'
import { useTeams } from '@/features/teams/store'
import { ann, board, detail, fail, fakeServer, gate, message, problem, T0, task } from '@/test/fakes'
import { toasts } from '@/ui/toast'
import TaskComments from './TaskComments.vue'
import { withLayers } from './layers'

const author = { id: ann.id, username: 'ann', name: 'Ann Lee', avatar_url: null }
const comment = (id: string, body: string, over: Partial<Comment> = {}): Comment => ({ id, task_id: '1', team_id: 't1', author, imported_author: null, body, body_html: `<p>${body}</p>`, version: 1, created_at: T0, updated_at: T0, ...over })

let server: ReturnType<typeof fakeServer>
let tasks: ReturnType<typeof useTasks>
/** Everything under way has been answered and shows. */
async function settled(): Promise<void> {
  await vi.waitFor(() => expect(tasks.pending).toEqual([]))
  await flushPromises()
}

beforeEach(async () => {
  localStorage.clear()
  toasts.value = []
  useBox(inMemory())
  setActivePinia(createPinia())
  useSession().user = ann
  useTeams().setTeams([{ id: 't1', name: 'T', role: 'member' } as never])
  server = fakeServer()
  tasks = useTasks()
  await tasks.loadBoard('p1', board({ todo: [task('1', { comment_count: 1 })], done: [] }))
  server.on('GET /tasks/1/comments', () => ({ items: [comment('c1', 'First')], next_cursor: null }))
  server.on('GET /tasks/1', () => detail('1', { comment_count: 1 }))
})
afterEach(() => vi.unstubAllGlobals())

async function open() {
  const wrapper = mount({ components: { TaskComments }, computed: { task: () => tasks.view('1') }, template: '<TaskComments :task="task" can-comment />' }, { global: { plugins: [createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: {} }] })] } })
  await flushPromises()
  const form = wrapper.find('form[aria-label="New comment"]')
  const area = form.find('textarea')
  const texts = (): string[] => wrapper.findAll('article').map(a => a.find('.prose, p').text())
  async function write(text: string): Promise<void> {
    await area.setValue(text)
    await form.trigger('submit')
    await flushPromises()
  }
  return { wrapper, area, texts, write, busy: () => wrapper.findAll('article[aria-busy=true]').length }
}

test('a comment shows at once, marked, and its answer takes its place without a jump', async () => {
  const answer = gate()
  server.on('POST /tasks/1/comments', async ({ body }) => { await answer.wait; return comment('c2', String(body.body), { created_at: '2026-01-02T00:00:00Z' }) })
  const { wrapper, area, texts, write, busy } = await open()
  await write('Second')
  expect(texts()).toEqual(['First', 'Second'])
  expect(busy()).toBe(1)
  expect(tasks.view('1')!.comment_count).toBe(2)
  expect(area.element.value).toBe('')
  const shown = wrapper.findAll('article')[1]!.element
  answer.open()
  await settled()
  expect(texts()).toEqual(['First', 'Second'])
  expect(busy()).toBe(0)
  expect(wrapper.findAll('article')[1]!.element).toBe(shown)
  expect(tasks.view('1')!.comment_count).toBe(2)
})
test('its own echo acknowledges it, before the answer or without one', async () => {
  server.on('POST /tasks/1/comments', fail)
  const { texts, write, busy } = await open()
  await write('Second')
  const { id } = tasks.pending[0]!
  const { useStream } = await import('@/features/realtime/stream')
  void useStream()
  tasks.applyMessage(message({ type: 'comment.added', task_id: '1', version: 2, comment_count: 2, mutation_id: id, comment: comment('c2', 'Second') } as never))
  expect(tasks.pending).toEqual([])
  expect(tasks.idOf(`new:${id}`)).toBe('c2')
  expect(tasks.view('1')!.comment_count).toBe(2)
  await settled()
  expect(busy()).toBe(0)
  expect(texts()).toContain('First')
})
test('a refused comment goes, and its text is back in the form with the reason', async () => {
  const answer = gate()
  server.on('POST /tasks/1/comments', async () => { await answer.wait; return problem(403, { detail: 'Viewers cannot comment.' }) })
  const { wrapper, area, texts, write } = await open()
  await write('Second')
  await area.setValue('typed meanwhile')
  answer.open()
  await settled()
  expect(texts()).toEqual(['First'])
  expect(area.element.value).toBe('Second\n\ntyped meanwhile')
  expect(wrapper.text()).toContain('Viewers cannot comment. Your text is kept.')
  expect(tasks.view('1')!.comment_count).toBe(1)
  expect(toasts.value[0]!.text).toBe('Could not add your comment to WEB-1. Viewers cannot comment.')
})
test('with the form gone, a refused comment is kept for the person', async () => {
  const answer = gate()
  server.on('POST /tasks/1/comments', async () => { await answer.wait; return problem(403, { detail: 'Viewers cannot comment.' }) })
  const { wrapper, write } = await open()
  await write('Second')
  wrapper.unmount()
  answer.open()
  await settled()
  expect(tasks.stuck[0]).toMatchObject({ op: { kind: 'comment', body: 'Second' }, stuck: 'Could not add your comment to WEB-1. Viewers cannot comment.' })
})
test('an edit shows at once; when it was changed elsewhere, the text is back in the form', async () => {
  const answer = gate()
  server.on('PATCH /comments/c1', async ({ body }) => {
    await answer.wait
    return (body.was as { body: string }).body === 'First' ? problem(409, { code: 'conflict', current: comment('c1', 'From my phone', { version: 2 }) as never, conflicts: [] }) : comment('c1', String(body.body), { version: 3 })
  })
  const { wrapper, texts } = await open()
  const item = wrapper.findComponent({ name: 'CommentItem' })
  ;(item.vm as unknown as { start(): void }).start()
  await flushPromises()
  await wrapper.find('form[aria-label="Edit comment"] textarea').setValue('First, better')
  await wrapper.find('form[aria-label="Edit comment"]').trigger('submit')
  await flushPromises()
  expect(texts()).toEqual(['First, better'])
  answer.open()
  await settled()
  const form = wrapper.find('form[aria-label="Edit comment"]')
  expect(form.find('textarea').element.value).toBe('First, better')
  expect(form.text()).toContain('It was changed elsewhere meanwhile. Your text is kept.')
  await form.trigger('submit')
  await settled()
  expect(texts()).toEqual(['First, better'])
  // An earlier test's courier may still be trying to send what was left there.
  expect(server.calls.findLast(c => c.method === 'PATCH')!.body).toEqual({ body: 'First, better', was: { body: 'From my phone' } })
})
test('a deletion shows at once, and comes back when it is refused', async () => {
  const answer = gate()
  server.on('DELETE /comments/c1', async () => { await answer.wait; return problem(403, { detail: 'Not yours.' }) })
  const { wrapper, texts } = await open()
  wrapper.findComponent({ name: 'CommentItem' }).vm.$emit('remove')
  await flushPromises()
  expect(texts()).toEqual([])
  expect(tasks.view('1')!.comment_count).toBe(0)
  answer.open()
  await settled()
  expect(texts()).toEqual(['First'])
  expect(tasks.view('1')!.comment_count).toBe(1)
  expect(toasts.value[0]!.text).toBe('Could not delete the comment. Not yours.')
})
test('layers apply in order, also on comments that have no id yet', () => {
  const layer = (id: string, op: object) => ({ id, op, does: '', patches: new Map(), acked: false, at: 0 }) as never
  const shown = withLayers([comment('c1', 'First')], [
    layer('k', { kind: 'comment', task_id: '1', body: 'New' }), layer('l', { kind: 'comment-edit', task_id: '1', comment_id: 'new:k', body: 'Newer', was: 'New' }),
    layer('m', { kind: 'comment-delete', task_id: '1', comment_id: 'c1' }), layer('n', { kind: 'comment', task_id: '2', body: 'Elsewhere' }),
  ], '1', ann, id => id)
  expect(shown.map(c => [c.body, c.sending])).toEqual([['Newer', true]])
})
