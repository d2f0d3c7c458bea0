import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { useSession } from '@/features/session/store'
import { ann, board, detail, fail, fakeServer, gate, message, problem, task, type Call } from '@/test/fakes'
import { asked } from '@/ui/confirm'
import { toasts } from '@/ui/toast'
import type { Kept } from './model'
import { inMemory, useBox, type Box } from './outbox'
import { useTasks } from './store'

let server: ReturnType<typeof fakeServer>
let tasks: ReturnType<typeof useTasks>
let box: Box
const titles = (slug: string): string[] => tasks.byStatus('p1').get(slug)!.map(t => t.id)
const lastCall = (path: string) => server.calls.findLast(c => c.path === path)!
async function kept(): Promise<Kept[]> {
  const all: Kept[] = []
  await box.each(it => (all.push(it), it))
  return all
}
/** The page is closed and opened again, by the same person or another one. */
function reopen(user = ann): ReturnType<typeof useTasks> {
  useSession().user = null
  setActivePinia(createPinia())
  useSession().user = user
  return useTasks()
}
const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5))

beforeEach(async () => {
  localStorage.clear()
  toasts.value = []
  useBox(box = inMemory())
  setActivePinia(createPinia())
  useSession().user = ann
  server = fakeServer()
  tasks = useTasks()
  await tasks.prepare()
  await tasks.loadBoard('p1', board({ todo: [task('1'), task('2'), task('3')], done: [task('4', { status: 'done' })] }))
})
afterEach(() => { vi.useRealTimers(); vi.unstubAllGlobals() })

describe('layers', () => {
  test('an edit shows at once, and its answer takes its place', async () => {
    const answer = gate()
    server.on('PATCH /tasks/1', async () => { await answer.wait; return detail('1', { title: 'New', version: 2 }) })
    const done = tasks.edit('1', { title: 'New' })
    expect(tasks.view('1')!.title).toBe('New')
    expect(tasks.isPending('1')).toBe(true)
    answer.open()
    expect(await done).toBe(true)
    expect(lastCall('/tasks/1').body).toEqual({ title: 'New', was: { title: 'Task 1' } })
    expect(tasks.view('1')).toMatchObject({ title: 'New', version: 2 })
    expect(tasks.pending).toEqual([])
  })
  test('a refused edit goes away and does not undo what somebody else changed meanwhile', async () => {
    const answer = gate()
    server.on('PATCH /tasks/1', async () => { await answer.wait; return problem(422, { errors: [{ location: 'body.title', message: 'The title is too long.' }] }) })
    const back = vi.fn(() => true)
    const done = tasks.edit('1', { title: 'Mine' }, { back })
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 2, changes: { title: 'Theirs', priority: 'high' } }))
    expect(tasks.view('1')).toMatchObject({ title: 'Mine', priority: 'high' })
    answer.open()
    expect(await done).toBe(false)
    expect(tasks.view('1')).toMatchObject({ title: 'Theirs', priority: 'high', version: 2 })
    expect(toasts.value[0]!.text).toBe('Could not save WEB-1. The title is too long.')
    expect(back).toHaveBeenCalledWith('The title is too long.')
    expect(await kept()).toEqual([])
  })
  test('two edits of one task are sent in order, each with what its editor saw', async () => {
    const first = gate()
    let version = 1
    server.on('PATCH /tasks/1', async call => { if (version === 1) await first.wait; return detail('1', { title: String(call.body.title), version: ++version }) })
    const a = tasks.edit('1', { title: 'A' })
    const b = tasks.edit('1', { title: 'B' })
    await settled()
    expect(server.calls.filter(c => c.path === '/tasks/1')).toHaveLength(1)
    first.open()
    await Promise.all([a, b])
    expect(server.calls.filter(c => c.path === '/tasks/1').map(c => c.body)).toEqual([{ title: 'A', was: { title: 'Task 1' } }, { title: 'B', was: { title: 'A' } }])
    expect(tasks.view('1')!.title).toBe('B')
  })
  test('an edit that changes nothing is not sent', async () => {
    expect(await tasks.edit('1', { title: 'Task 1', labels: [] })).toBe(true)
    expect(server.calls).toEqual([])
  })
})

describe('conflicts', () => {
  const theirs = detail('1', { title: 'Theirs', version: 5 })
  beforeEach(() => {
    server.on('PATCH /tasks/1', call => ((call.body.was as { title: string }).title === 'Theirs' ? detail('1', { title: 'Both', version: 6 })
      : problem(409, { code: 'conflict', current: theirs, conflicts: [{ field: 'title', base: 'Task 1', theirs: 'Theirs', yours: 'Mine', by: null, at: null }] })))
  })
  test('a conflict shows theirs and keeps mine for the person to choose', async () => {
    expect(await tasks.edit('1', { title: 'Mine' })).toBe(false)
    expect(tasks.view('1')!.title).toBe('Theirs')
    expect(tasks.conflicts[0]).toMatchObject({ task_id: '1', set: { title: 'Mine' }, was: { title: 'Task 1' }, theirs: { title: 'Theirs' } })
    expect(toasts.value).toEqual([])
  })
  test('settling it sends what stands against their version', async () => {
    await tasks.edit('1', { title: 'Mine' })
    await tasks.resolve(tasks.conflicts[0]!, { title: 'Both' })
    expect(lastCall('/tasks/1').body).toEqual({ title: 'Both', was: { title: 'Theirs' } })
    expect(tasks.conflicts).toEqual([])
    expect(tasks.view('1')!.title).toBe('Both')
  })
})

describe('messages', () => {
  test('an older or equal version is dropped', () => {
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 3, changes: { title: 'Three' } }))
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 2, changes: { title: 'Two' } }))
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 3, changes: { title: 'Again' } }))
    expect(tasks.view('1')).toMatchObject({ title: 'Three', version: 3 })
  })
  test('an answer that was overtaken by a newer message is dropped', async () => {
    const answer = gate()
    server.on('PATCH /tasks/1', async () => { await answer.wait; return detail('1', { title: 'Mine', version: 2 }) })
    const done = tasks.edit('1', { title: 'Mine' })
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 2, changes: { title: 'Mine' }, mutation_id: tasks.pending[0]!.id }))
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 3, changes: { title: 'Later' } }))
    answer.open()
    await done
    expect(tasks.view('1')).toMatchObject({ title: 'Later', version: 3 })
  })
  test('the echo acknowledges a write whose HTTP answer was lost', async () => {
    vi.useFakeTimers()
    server.on('PATCH /tasks/1', fail)
    const done = tasks.edit('1', { title: 'Mine' })
    const { id } = tasks.pending[0]!
    await vi.advanceTimersByTimeAsync(100)
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 2, changes: { title: 'Mine' }, mutation_id: id }))
    expect(tasks.pending).toEqual([])
    expect(tasks.view('1')).toMatchObject({ title: 'Mine', version: 2 })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await done).toBe(true)
    expect(new Set(server.calls.map(c => c.key))).toEqual(new Set([id]))
    expect(await kept()).toEqual([])
  })
  test('one message may change many tasks', () => {
    tasks.applyMessage(message({ type: 'task.moved', tasks: [
      { task_id: '1', version: 2, changes: { status: 'done', position: 'b1' } }, { task_id: '2', version: 2, changes: { status: 'done', position: 'b0' } },
    ] }))
    expect(titles('todo')).toEqual(['3'])
    expect(titles('done')).toEqual(['4', '2', '1'])
  })
  test('a created task appears, a deleted one goes, a restored one is back', () => {
    tasks.applyMessage(message({ type: 'task.created', task_id: '9', version: 1, changes: task('9', { position: 'a0' }) }))
    expect(titles('todo')).toEqual(['9', '1', '2', '3'])
    tasks.applyMessage(message({ type: 'task.deleted', task_id: '9', version: 2, changes: { deleted_at: '2026-01-02T00:00:00Z' } }))
    expect(titles('todo')).toEqual(['1', '2', '3'])
    tasks.applyMessage(message({ type: 'task.restored', task_id: '9', version: 3, changes: task('9', { position: 'a0' }) }))
    expect(titles('todo')).toEqual(['9', '1', '2', '3'])
  })
  test('a comment changes the count on the card', () => {
    tasks.applyMessage(message({ type: 'comment.added', task_id: '1', version: 2, comment_count: 4 } as never))
    expect(tasks.view('1')).toMatchObject({ comment_count: 4, version: 2 })
  })
  test('a version that skips one is read from the server', async () => {
    server.on('GET /tasks/1', () => detail('1', { title: 'Whole', priority: 'urgent', version: 4 }))
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 4, changes: { title: 'Whole' } }))
    await settled()
    expect(tasks.view('1')!.priority).toBe('urgent')
  })
  test('a new description makes the rendered one invalid, and an open dialog reads it again', async () => {
    tasks.accept(detail('1', { description: 'old', description_html: '<p>old</p>', version: 2 }))
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 3, changes: { description: 'new' } }))
    expect(tasks.view('1')).toMatchObject({ description: 'new' })
    expect(tasks.view('1')!.description_html).toBeUndefined()
    server.on('GET /tasks/1', () => detail('1', { description: 'newer', description_html: '<p>newer</p>', version: 4 }))
    const release = tasks.hold('1')
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 4, changes: { description: 'newer' } }))
    await settled()
    expect(tasks.view('1')!.description_html).toBe('<p>newer</p>')
    release()
  })
})

describe('moving', () => {
  let version: number
  beforeEach(() => { version = 1 })
  function acceptMoves(): (call: Call) => unknown {
    const answer = ({ body }: Call) => {
      version++
      const ids = body.task_ids as string[]
      const at = body.before ? tasks.server.get(String(body.before))!.position.slice(0, 1) + '05' : 'z0'
      return { items: ids.map((id, i) => detail(id, { status: String(body.status), position: `${at}${i}`, version })), seq: 11 }
    }
    server.on('POST /tasks/move', answer)
    return answer
  }
  test('tasks land between their new neighbours at once', async () => {
    acceptMoves()
    const done = tasks.move(['3', '1'], { status: 'done', before: '4' })
    expect(titles('done')).toEqual(['3', '1', '4'])
    expect(await done).toBe(true)
    expect(lastCall('/tasks/move').body).toEqual({ task_ids: ['3', '1'], status: 'done', before: '4' })
    expect(titles('done')).toEqual(['3', '1', '4'])
  })
  test('without neighbours they go to the end', async () => {
    acceptMoves()
    await tasks.move(['1'], { status: 'done' })
    expect(lastCall('/tasks/move').body).toEqual({ task_ids: ['1'], status: 'done' })
    expect(titles('done')).toEqual(['4', '1'])
  })
  test('a drop on the same place sends nothing', async () => {
    expect(await tasks.move(['2'], { status: 'todo', before: '3' })).toBe(true)
    expect(await tasks.move(['3'], { status: 'todo' })).toBe(true)
    expect(server.calls).toEqual([])
  })
  test('a refused move goes back and says why', async () => {
    server.on('POST /tasks/move', () => problem(403, { detail: 'Viewers cannot move tasks.' }))
    expect(await tasks.move(['1'], { status: 'done' })).toBe(false)
    expect(titles('todo')).toEqual(['1', '2', '3'])
    expect(toasts.value[0]!.text).toBe('Could not move WEB-1. Viewers cannot move tasks.')
    expect(tasks.undoStack).toEqual([])
  })
  test('undo puts tasks back beside their old neighbours, in one request a place', async () => {
    acceptMoves()
    await tasks.move(['1', '2'], { status: 'done' })
    expect(toasts.value[0]).toMatchObject({ text: 'Moved 2 tasks to done', action: { label: 'Undo' } })
    await tasks.undo()
    expect(lastCall('/tasks/move').body).toEqual({ task_ids: ['1', '2'], status: 'todo', before: '3', was: { 1: 'done', 2: 'done' } })
    expect(titles('todo')).toEqual(['1', '2', '3'])
    expect(tasks.undoStack).toEqual([])
    await tasks.undo()
    expect(server.calls).toHaveLength(2)
  })
  test('redo makes an undone move again, until something new is done', async () => {
    acceptMoves()
    await tasks.move(['1', '2'], { status: 'done' })
    await tasks.undo()
    expect(toasts.value.at(-1)).toMatchObject({ text: 'Undone: moved 2 tasks to done', action: { label: 'Redo' } })
    await tasks.redo()
    expect(lastCall('/tasks/move').body).toMatchObject({ task_ids: ['1', '2'], status: 'done', was: { 1: 'todo', 2: 'todo' } })
    expect(titles('done')).toEqual(['4', '1', '2'])
    expect(toasts.value.at(-1)).toMatchObject({ text: 'Redone: moved 2 tasks to done', action: { label: 'Undo' } })
    await tasks.undo()
    expect(titles('todo')).toEqual(['1', '2', '3'])
    expect(tasks.redoStack).toHaveLength(1)
    await tasks.move(['3'], { status: 'done' })
    expect(tasks.redoStack).toEqual([])
  })
  test('undo of a move that a colleague went on with asks about their task, and puts the others back', async () => {
    acceptMoves()
    await tasks.move(['1', '2'], { status: 'done' })
    tasks.applyMessage(message({ type: 'task.moved', task_id: '2', version: 3, changes: { status: 'review', position: 'a1' } }))
    const by = { id: 'u-bob', username: 'bob' }
    let refused = 0
    const accepted = acceptMoves()
    server.on('POST /tasks/move', call => {
      if ((call.body.was as Record<string, string> | undefined)?.['2'] !== 'done') return accepted(call)
      refused++
      return problem(409, { code: 'conflict', tasks: [{ current: task('2', { status: 'review', position: 'a1', version: 3 }), conflicts: [{ field: 'status', base: 'done', theirs: 'review', yours: 'todo', by, at: null }] }] })
    })
    const done = tasks.undo()
    await vi.waitFor(() => expect(asked.value).toMatchObject({ title: '@bob moved WEB-2 to review meanwhile', action: 'Put back' }))
    expect(titles('todo')).toEqual(['1', '3'])
    expect(tasks.view('2')!.status).toBe('review')
    asked.value!.answer(true)
    await done
    expect(refused).toBe(1)
    expect(lastCall('/tasks/move').body).toEqual({ task_ids: ['2'], status: 'todo', before: '3' })
    expect(titles('todo')).toEqual(['1', '2', '3'])
  })
})

describe('many at once', () => {
  const edits = (call: Call) => call.body.edits as ({ task_id: string; priority: 'high'; was: object })[]
  function acceptEdits(): void {
    let version = 10
    server.on('POST /tasks/edit', call => ({ items: edits(call).map(({ task_id, priority }) => task(task_id, { priority, version: ++version })), seq: 1 }))
  }
  test('one request for all, all of it undone by one', async () => {
    acceptEdits()
    const done = tasks.editMany(['1', '2', '4'].map(id => ({ id, set: { priority: 'high' } })))
    expect(tasks.view('4')!.priority).toBe('high')
    expect(await done).toBe(true)
    expect(edits(lastCall('/tasks/edit'))[2]).toEqual({ task_id: '4', priority: 'high', was: { priority: 'none' } })
    expect(toasts.value.at(-1)).toMatchObject({ text: 'Set the priority of 3 tasks to High', action: { label: 'Undo' } })
    await tasks.undo()
    expect(edits(lastCall('/tasks/edit'))[0]).toEqual({ task_id: '1', priority: 'none', was: { priority: 'high' } })
    expect(tasks.view('1')!.priority).toBe('none')
    await tasks.redo()
    expect(tasks.view('1')!.priority).toBe('high')
    expect(server.calls).toHaveLength(3)
  })
  test('what already is so is not sent', async () => {
    expect(await tasks.editMany([{ id: '1', set: { priority: 'none' } }])).toBe(true)
    expect(server.calls).toHaveLength(0)
    expect(tasks.undoStack).toEqual([])
  })
  test('one that somebody changed is asked about, the others are taken', async () => {
    acceptEdits()
    const theirs = { priority: 'urgent', version: 5 } as const
    const conflicts = [{ field: 'priority', base: 'none', theirs: 'urgent', yours: 'high', by: null, at: null }]
    let first = true
    server.on('POST /tasks/edit', call => {
      if (!first) return { items: edits(call).map(e => task(e.task_id, { priority: 'high', version: 6 })), seq: 2 }
      first = false
      return problem(409, { code: 'conflict', tasks: [{ current: task('2', theirs), conflicts }] })
    })
    server.on('PATCH /tasks/2', () => problem(409, { code: 'conflict', current: detail('2', theirs), conflicts }))
    expect(await tasks.editMany(['1', '2', '3'].map(id => ({ id, set: { priority: 'high' } })))).toBe(true)
    expect(edits(lastCall('/tasks/edit')).map(e => e.task_id)).toEqual(['1', '3'])
    expect(tasks.conflicts).toMatchObject([{ task_id: '2', set: { priority: 'high' }, was: { priority: 'none' } }])
    expect([tasks.view('1')!.priority, tasks.view('2')!.priority]).toEqual(['high', 'urgent'])
  })
  test('a refused change of many goes away whole', async () => {
    server.on('POST /tasks/delete', () => problem(403, { detail: 'You may not.' }))
    expect(await tasks.remove(['1', '2'])).toBe(false)
    expect(titles('todo')).toEqual(['1', '2', '3'])
    expect(tasks.undoStack).toEqual([])
    expect(toasts.value.at(-1)!.text).toBe('Could not delete 2 tasks. You may not.')
  })
  test('every kind of change can be undone, the last fifty of them', async () => {
    let version = 1
    server.on('PATCH /tasks/1', ({ body }) => detail('1', { title: String(body.title), version: ++version }))
    for (let i = 0; i < 60; i++) await tasks.edit('1', { title: `Title ${i}` })
    expect(tasks.undoStack).toHaveLength(50)
    for (let i = 0; i < 50; i++) await tasks.undo()
    expect(tasks.view('1')!.title).toBe('Title 9')
    expect(toasts.value.at(-1)!.text).toBe('Undone: renamed WEB-1')
    for (let i = 0; i < 50; i++) await tasks.redo()
    expect(tasks.view('1')!.title).toBe('Title 59')
  })
})

describe('creating and deleting', () => {
  test('a new task shows under a temporary id that stays good', async () => {
    const answer = gate()
    server.on('POST /projects/p1/tasks', async ({ body }) => { await answer.wait; return detail('9', { title: String(body.title), position: 'a4' }) })
    const done = tasks.create('p1', { title: 'Fresh', status: 'todo' })
    const temporary = titles('todo').at(-1)!
    expect(tasks.view(temporary)!.title).toBe('Fresh')
    expect(tasks.count('p1', 'todo')).toBe(4)
    answer.open()
    expect((await done)!.id).toBe('9')
    expect(tasks.view(temporary)!.id).toBe('9')
    expect(titles('todo')).toEqual(['1', '2', '3', '9'])
  })
  test('an edit of a task that is still being created waits for its id', async () => {
    const answer = gate()
    server.on('POST /projects/p1/tasks', async () => { await answer.wait; return detail('9', { title: 'Fresh' }) })
    server.on('PATCH /tasks/9', ({ body }) => detail('9', { title: String(body.title), version: 2 }))
    void tasks.create('p1', { title: 'Fresh' })
    const done = tasks.edit(titles('todo').at(-1)!, { title: 'Fresher' })
    answer.open()
    expect(await done).toBe(true)
    expect(tasks.view('9')!.title).toBe('Fresher')
  })
  test('the echo of a creation before its answer makes one task, not two', async () => {
    const answer = gate()
    server.on('POST /projects/p1/tasks', async () => { await answer.wait; return detail('9') })
    const done = tasks.create('p1', { title: 'Fresh' })
    tasks.applyMessage(message({ type: 'task.created', task_id: '9', version: 1, changes: task('9'), mutation_id: tasks.pending[0]!.id }))
    expect(titles('todo')).toEqual(['1', '2', '3', '9'])
    answer.open()
    await done
    expect(titles('todo')).toEqual(['1', '2', '3', '9'])
  })
  test('a refused creation leaves nothing behind', async () => {
    server.on('POST /projects/p1/tasks', () => problem(422, { detail: 'No such label.' }))
    expect(await tasks.create('p1', { title: 'Fresh' })).toBeNull()
    expect(titles('todo')).toEqual(['1', '2', '3'])
  })
  test('deleting offers undo, which restores', async () => {
    server.on('DELETE /tasks/1', () => undefined)
    server.on('POST /tasks/1/restore', () => detail('1', { version: 3 }))
    await tasks.remove(['1'])
    expect(titles('todo')).toEqual(['2', '3'])
    tasks.applyMessage(message({ type: 'task.deleted', task_id: '1', version: 2, changes: { deleted_at: '2026-01-02T00:00:00Z' } }))
    await tasks.undo()
    expect(titles('todo')).toEqual(['1', '2', '3'])
  })
})

describe('a broken network', () => {
  test('a write is repeated with the same key until it is answered', async () => {
    vi.useFakeTimers()
    let broken = true
    server.on('PATCH /tasks/1', () => (broken ? fail() : detail('1', { title: 'Mine', version: 2 })))
    const done = tasks.edit('1', { title: 'Mine' })
    await vi.advanceTimersByTimeAsync(20_000)
    expect(tasks.view('1')!.title).toBe('Mine')
    expect(tasks.isPending('1')).toBe(true)
    broken = false
    window.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(100)
    expect(await done).toBe(true)
    expect(new Set(server.calls.map(c => c.key)).size).toBe(1)
    expect(server.calls.length).toBeGreaterThan(3)
  })
  test('after a wake-up nothing is sent before what was missed is read', async () => {
    const reading = gate()
    tasks.beforeSending(() => reading.wait)
    server.on('PATCH /tasks/1', ({ body }) => detail('1', { title: String(body.title), version: 2 }))
    const done = tasks.edit('1', { title: 'Mine' })
    await settled()
    expect(tasks.view('1')!.title).toBe('Mine')
    expect(server.calls).toEqual([])
    reading.open()
    expect(await done).toBe(true)
  })
})

describe('what a page leaves behind', () => {
  const leave = async (): Promise<void> => {
    server.on('PATCH /tasks/1', fail)
    server.on('POST /tasks/move', fail)
    server.on('POST /projects/p1/tasks', fail)
    server.on('POST /tasks/1/comments', fail)
    const id = tasks.begin('p1', { title: 'Fresh', status: 'todo' }).id
    void tasks.edit(id, { priority: 'high' })
    void tasks.edit('1', { title: 'Mine' })
    void tasks.move(['1'], { status: 'done' })
    void tasks.mutate({ kind: 'comment', task_id: '1', body: 'Hello' }, 'add your comment', [])
    await settled()
  }
  const answerAll = (): void => {
    server.on('PATCH /tasks/1', ({ body }) => detail('1', { title: String(body.title), version: 2 }))
    server.on('PATCH /tasks/9', () => detail('9', { title: 'Fresh', priority: 'high', version: 2 }))
    server.on('POST /tasks/move', () => ({ items: [detail('1', { title: 'Mine', status: 'done', version: 3 })], seq: 11 }))
    server.on('POST /projects/p1/tasks', () => detail('9', { title: 'Fresh' }))
    server.on('POST /tasks/1/comments', () => ({ id: 'c1', task_id: '1', body: 'Hello' }))
  }
  const opened = async (user = ann): Promise<ReturnType<typeof useTasks>> => {
    const made = reopen(user)
    server.calls.length = 0
    await made.loadBoard('p1', board({ todo: [task('1'), task('2')], done: [task('4', { status: 'done' })] }))
    return made
  }

  test('it shows at once and is sent in order, each under its key', async () => {
    await leave()
    const keys = tasks.pending.map(l => l.id)
    const page = await opened()
    const go = gate()
    server.on('POST /projects/p1/tasks', async () => { await go.wait; return detail('9', { title: 'Fresh' }) })
    const done = page.replay()
    await settled()
    expect(page.view('1')).toMatchObject({ title: 'Mine', status: 'done' })
    expect(page.byStatus('p1').get('todo')!.map(t => [t.title, t.priority])).toContainEqual(['Fresh', 'high'])
    expect(page.pending).toHaveLength(5)
    answerAll()
    go.open()
    server.on('POST /projects/p1/tasks', () => detail('9', { title: 'Fresh' }))
    await done
    expect(server.calls.map(c => `${c.method} ${c.path}`)).toEqual(['POST /projects/p1/tasks', 'PATCH /tasks/9', 'PATCH /tasks/1', 'POST /tasks/move', 'POST /tasks/1/comments'])
    expect(server.calls.map(c => c.key)).toEqual(keys)
    expect([page.pending, page.stuck, await kept()]).toEqual([[], [], []])
  })
  test('a second reopening sends nothing twice, and a page sends its own only once', async () => {
    await leave()
    const page = await opened()
    answerAll()
    await Promise.all([page.replay(), page.replay()])
    expect(server.calls).toHaveLength(5)
    const later = await opened()
    await later.replay()
    expect(server.calls).toEqual([])
  })
  test('what was made on a new task finds it, though the page that made the task is gone', async () => {
    server.on('POST /projects/p1/tasks', () => detail('9', { title: 'Fresh' }))
    server.on('PATCH /tasks/9', fail)
    const { id, done } = tasks.begin('p1', { title: 'Fresh' })
    void tasks.edit(id, { title: 'Fresher' })
    await done
    await settled()
    expect((await kept()).map(k => k.op)).toEqual([{ kind: 'edit', task_id: '9', set: { title: 'Fresher' }, was: { title: 'Fresh' } }])
  })
  test("another person's are neither shown nor sent, and wait for them", async () => {
    await leave()
    const page = await opened({ ...ann, id: 'u-bob' })
    await page.replay()
    expect(page.pending).toEqual([])
    expect(server.calls).toEqual([])
    const own = await opened()
    answerAll()
    await own.replay()
    expect(server.calls).toHaveLength(5)
  })
  test("another living tab's are left to it", async () => {
    await leave()
    const [{ tab }] = await kept() as [Kept]
    vi.stubGlobal('navigator', { locks: { request: (_: string, work: () => unknown) => Promise.resolve(work()), query: async () => ({ held: [{ name: `tandem-tab:${tab}` }] }) } })
    const page = await opened()
    await page.replay()
    expect(server.calls).toEqual([])
    expect(page.pending).toEqual([])
  })
  test('a conflict found then is asked about, and asked again when that page is closed too', async () => {
    server.on('PATCH /tasks/1', fail)
    void tasks.edit('1', { title: 'Mine' })
    await settled()
    server.on('PATCH /tasks/1', () => problem(409, { code: 'conflict', current: detail('1', { title: 'Theirs', version: 5 }), conflicts: [] }))
    for (let i = 0; i < 2; i++) {
      const page = await opened()
      await page.replay()
      expect(page.conflicts[0]).toMatchObject({ set: { title: 'Mine' }, was: { title: 'Task 1' }, theirs: { title: 'Theirs' } })
      await page.replay()
      expect(page.conflicts).toHaveLength(1)
    }
    const page = useTasks()
    await page.resolve(page.conflicts[0]!, {})
    await settled()
    expect(await kept()).toEqual([])
  })
  test('what is older than the memory of the server is asked about before it is sent', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    server.on('POST /auth/refresh', () => ({ access_token: 'new', expires_in: 900, user: ann }))
    await leave()
    vi.setSystemTime(Date.now() + 23.5 * 3_600_000)
    const page = await opened()
    await page.replay()
    expect(server.calls).toEqual([])
    expect(page.pending).toEqual([])
    expect(page.stuck.map(k => k.op.kind)).toEqual(['create', 'edit', 'edit', 'move', 'comment'])
    answerAll()
    await page.decide(page.stuck.slice(0, 4), true)
    const writes = server.calls.filter(c => c.key && c.path !== '/auth/refresh')
    expect(writes.map(c => c.path)).toEqual(['/projects/p1/tasks', '/tasks/9', '/tasks/1', '/tasks/move'])
    await page.decide(page.stuck, false)
    expect(server.calls.filter(c => c.key && c.path !== '/auth/refresh')).toHaveLength(4)
    expect([page.stuck, await kept()]).toEqual([[], []])
  })
  test('the same goes for a page that was open all the time', async () => {
    vi.useFakeTimers()
    server.on('PATCH /tasks/1', fail)
    const done = tasks.edit('1', { title: 'Mine' })
    await vi.advanceTimersByTimeAsync(5000)
    vi.setSystemTime(Date.now() + 24 * 3_600_000)
    server.calls.length = 0
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await done).toBe(false)
    expect(server.calls).toEqual([])
    expect(tasks.stuck[0]).toMatchObject({ op: { set: { title: 'Mine' } } })
  })
  test('words that are refused with nobody there to take them back are kept for the person', async () => {
    await leave()
    const page = await opened()
    answerAll()
    server.on('POST /projects/p1/tasks', () => problem(403, { detail: 'You may only look.' }))
    await page.replay()
    expect(page.stuck.map(k => [k.op.kind, k.stuck])).toEqual([['create', 'Could not create the task. You may only look.']])
    expect(toasts.value.map(t => t.text)).toEqual(['Could not save the task. The task was not created.']) // a priority is no words
    const again = await opened()
    await again.replay()
    expect(again.stuck).toHaveLength(1)
    expect(server.calls).toEqual([])
  })
  test('without a login it waits for the next one', async () => {
    server.on('PATCH /tasks/1', () => problem(401))
    server.on('POST /auth/refresh', () => problem(401))
    expect(await tasks.edit('1', { title: 'Mine' })).toBe(false)
    expect(await kept()).toHaveLength(1)
  })
  test('at logout what the person gave up is forgotten', async () => {
    await leave()
    await tasks.discard()
    expect(await kept()).toEqual([])
  })
})

describe('columns that are loaded in part', () => {
  beforeEach(async () => {
    await tasks.loadBoard('p1', board({ todo: [task('1'), task('2')], done: [] }, { counts: { todo: 70 }, cursors: { todo: 'next' } }))
  })
  test('counts come from the server and follow what is seen', async () => {
    expect(tasks.count('p1', 'todo')).toBe(70)
    const answer = gate()
    server.on('POST /tasks/move', async () => { await answer.wait; return { items: [detail('1', { status: 'done', version: 2 })], seq: 11 } })
    const done = tasks.move(['1'], { status: 'done' })
    expect([tasks.count('p1', 'todo'), tasks.count('p1', 'done')]).toEqual([69, 1])
    answer.open()
    await done
    tasks.applyMessage(message({ type: 'task.moved', task_id: '1', version: 2, changes: { status: 'done' } }))
    expect([tasks.count('p1', 'todo'), tasks.count('p1', 'done')]).toEqual([69, 1])
    tasks.applyMessage(message({ type: 'task.created', task_id: '9', version: 1, changes: task('9') }))
    expect(tasks.count('p1', 'todo')).toBe(70)
  })
  test('a task that was in the snapshot is not counted again by its message', () => {
    tasks.applyMessage(message({ type: 'task.created', seq: 9, task_id: '8', version: 1, changes: task('8') }))
    expect(tasks.count('p1', 'todo')).toBe(70)
  })
  test('tasks beyond the loaded part are not shown before the gap is filled', async () => {
    tasks.applyMessage(message({ type: 'task.created', task_id: '9', version: 1, changes: task('9') }))
    expect(titles('todo')).toEqual(['1', '2'])
    server.on('GET /tasks', ({ query }) => {
      expect(Object.fromEntries(query)).toMatchObject({ project_id: 'p1', status: 'todo', sort: 'position', cursor: 'next' })
      return { items: [task('3'), task('9')], next_cursor: null }
    })
    await tasks.loadMore('p1', 'todo')
    expect(titles('todo')).toEqual(['1', '2', '3', '9'])
    expect(tasks.count('p1', 'todo')).toBe(4)
  })
  test('a failed page can be asked for again', async () => {
    server.on('GET /tasks', () => problem(500))
    await tasks.loadMore('p1', 'todo')
    expect(tasks.column('p1', 'todo')).toMatchObject({ failed: true, loading: false, cursor: 'next' })
  })
  test('a task put behind the last loaded one stays in sight', async () => {
    server.on('POST /tasks/move', () => ({ items: [detail('1', { position: 'a2V', version: 2 })], seq: 11 }))
    await tasks.move(['1'], { status: 'todo', after: '2' })
    expect(titles('todo')).toEqual(['2', '1'])
  })
  test('an unknown task that moves into sight is fetched, and counts are read again', async () => {
    vi.useFakeTimers()
    server.on('GET /tasks/7', () => detail('7', { position: 'a11', version: 3 }))
    server.on('GET /projects/p1/board', () => board({ todo: [task('1')], done: [] }, { counts: { todo: 71 }, cursors: { todo: 'next' } }))
    tasks.applyMessage(message({ type: 'task.moved', task_id: '7', version: 3, changes: { position: 'a11' } }))
    await vi.advanceTimersByTimeAsync(3000)
    expect(titles('todo')).toEqual(['1', '7', '2'])
    expect(tasks.count('p1', 'todo')).toBe(71)
  })
  test('an unknown task that changes elsewhere is left alone', async () => {
    tasks.applyMessage(message({ type: 'task.updated', task_id: '7', version: 3, changes: { title: 'x' } }))
    tasks.applyMessage(message({ type: 'task.moved', task_id: '7', version: 4, changes: { position: 'z' } }))
    await settled()
    expect(server.calls).toEqual([])
  })
})

test('reading the board again drops what is gone and keeps what is pending or open', async () => {
  server.on('PATCH /tasks/2', () => new Promise(() => undefined))
  void tasks.edit('2', { title: 'Mine' })
  tasks.hold('3')
  server.on('GET /tasks/3', () => detail('3', { version: 2 }))
  server.on('GET /projects/p1/board', () => board({ todo: [task('5')], done: [] }, { seq: 40 }))
  expect(await tasks.resync('t1')).toMatchObject({ seq: 40, epoch: 'e' })
  expect(titles('todo').sort()).toEqual(['2', '3', '5'])
  expect(tasks.view('2')!.title).toBe('Mine')
  expect(titles('done')).toEqual([])
})
