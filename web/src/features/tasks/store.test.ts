import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { useSession } from '@/features/session/store'
import { ann, board, detail, fail, fakeServer, gate, message, problem, task } from '@/test/fakes'
import { toasts } from '@/ui/toast'
import { useTasks } from './store'

let server: ReturnType<typeof fakeServer>
let tasks: ReturnType<typeof useTasks>
const titles = (slug: string): string[] => tasks.byStatus('p1').get(slug)!.map(t => t.id)
const lastCall = (path: string) => server.calls.findLast(c => c.path === path)!
const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5))

beforeEach(async () => {
  localStorage.clear()
  toasts.value = []
  setActivePinia(createPinia())
  useSession().user = ann
  server = fakeServer()
  tasks = useTasks()
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
    const done = tasks.edit('1', { title: 'Mine' })
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 2, changes: { title: 'Theirs', priority: 'high' } }))
    expect(tasks.view('1')).toMatchObject({ title: 'Mine', priority: 'high' })
    answer.open()
    expect(await done).toBe(false)
    expect(tasks.view('1')).toMatchObject({ title: 'Theirs', priority: 'high', version: 2 })
    expect(toasts.value[0]!.text).toBe('Could not save WEB-1. The title is too long.')
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
    tasks.applyMessage(message({ type: 'task.updated', task_id: '1', version: 2, changes: { title: 'Mine' }, mutation_id: id }))
    expect(tasks.pending).toEqual([])
    expect(tasks.view('1')).toMatchObject({ title: 'Mine', version: 2 })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await done).toBe(true)
    expect(new Set(server.calls.map(c => c.key))).toEqual(new Set([id]))
    expect(localStorage.length).toBe(0)
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
  function acceptMoves(): void {
    let version = 1
    server.on('POST /tasks/move', ({ body }) => {
      version++
      const ids = body.task_ids as string[]
      const at = body.before ? tasks.server.get(String(body.before))!.position.slice(0, 1) + '05' : 'z0'
      return { items: ids.map((id, i) => detail(id, { status: String(body.status), position: `${at}${i}`, version })), seq: 11 }
    })
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
    expect(lastCall('/tasks/move').body).toEqual({ task_ids: ['1', '2'], status: 'todo', before: '3' })
    expect(titles('todo')).toEqual(['1', '2', '3'])
    expect(tasks.undoStack).toEqual([])
    await tasks.undo()
    expect(server.calls).toHaveLength(2)
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
  test('what was not answered is sent after a reload, with its key', async () => {
    server.on('PATCH /tasks/1', fail)
    void tasks.edit('1', { title: 'Mine' })
    const { id } = tasks.pending[0]!
    setActivePinia(createPinia())
    useSession().user = ann
    const reloaded = useTasks()
    server.on('PATCH /tasks/1', ({ body }) => detail('1', { title: String(body.title), version: 2 }))
    await reloaded.replay()
    expect(reloaded.view('1')!.title).toBe('Mine')
    expect(server.calls.at(-1)!.key).toBe(id)
  })
  test("another person's unsent changes are left alone", async () => {
    server.on('PATCH /tasks/1', fail)
    void tasks.edit('1', { title: 'Mine' })
    await settled()
    setActivePinia(createPinia())
    useSession().user = { ...ann, id: 'u-bob' }
    const before = server.calls.length
    await useTasks().replay()
    expect(server.calls).toHaveLength(before)
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
