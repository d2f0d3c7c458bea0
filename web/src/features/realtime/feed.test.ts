import { expect, test, vi } from 'vitest'
import { ApiError, type EventsAnswer, type Message } from '@/api'
import { Feed, type Position } from './feed'

const message = (seq: number): Message => ({ type: 'task.updated', id: `m${seq}`, team_id: 't', seq, task_id: 'x', version: seq, changes: {}, updated_by: null, mutation_id: null, timestamp: '' })

function setup(log: number, at: Position | null = { seq: 1, epoch: 'e' }) {
  const delivered: number[] = []
  const state = { head: log, pruned: 0, epoch: 'e' }
  const hooks = {
    events: vi.fn(async (after: number): Promise<EventsAnswer> => {
      if (after < state.pruned) throw new ApiError({ status: 410, title: 'Gone', code: 'pruned' })
      const items = Array.from({ length: Math.max(0, state.head - after) }, (_, i) => message(after + 1 + i)).slice(0, 3)
      return { items, seq: state.head, epoch: state.epoch }
    }),
    deliver: (m: Message) => void delivered.push(m.seq),
    resync: vi.fn(async (): Promise<Position | null> => ({ seq: state.head, epoch: state.epoch })),
  }
  const feed = new Feed(hooks)
  feed.position = at
  return { feed, hooks, delivered, state }
}

test('messages are applied once, in order', () => {
  const { feed, delivered, hooks } = setup(0)
  for (const seq of [2, 3, 3, 2, 4]) feed.receive(message(seq))
  expect(delivered).toEqual([2, 3, 4])
  expect(hooks.events).not.toHaveBeenCalled()
})
test('a gap is filled from the log, page by page, and live messages wait meanwhile', async () => {
  const { feed, delivered } = setup(9)
  feed.receive(message(7))
  feed.receive(message(8))
  await feed.catchUp()
  expect(delivered).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
})
test('a log that no longer reaches back means new snapshots', async () => {
  const { feed, delivered, hooks, state } = setup(50)
  state.pruned = 40
  feed.receive(message(50))
  await feed.catchUp()
  expect(hooks.resync).toHaveBeenCalledTimes(1)
  expect(delivered).toEqual([])
  expect(feed.position).toEqual({ seq: 50, epoch: 'e' })
  state.head = 51
  feed.receive(message(51))
  expect(delivered).toEqual([51])
})
test('a restored database (another epoch) means new snapshots, even with a lower seq', async () => {
  const { feed, hooks, state } = setup(0, { seq: 30, epoch: 'e' })
  Object.assign(state, { head: 12, epoch: 'f' })
  await feed.catchUp()
  expect(hooks.resync).toHaveBeenCalledTimes(1)
  expect(feed.position).toEqual({ seq: 12, epoch: 'f' })
})
test('a snapshot older than the feed gets what went by before it', async () => {
  const { feed, delivered } = setup(6, { seq: 6, epoch: 'e' })
  await feed.at({ seq: 2, epoch: 'e' })
  expect(delivered).toEqual([3, 4, 5, 6])
  expect(feed.position?.seq).toBe(6)
})
test('a failed catch-up can be tried again', async () => {
  const { feed, hooks, delivered } = setup(3)
  hooks.events.mockRejectedValueOnce(new ApiError({ status: 0, title: 'Offline' }))
  await expect(feed.catchUp()).rejects.toThrow('Offline')
  await feed.catchUp()
  expect(delivered).toEqual([2, 3])
})
