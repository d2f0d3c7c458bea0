import { expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { card, compose, leisure, test, titles } from '../people'

async function two(server: { url: string }): Promise<{ ann: Client; bob: Client; team: string; project: string; task: Task }> {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'First', status: 'todo' })
  return { ann, bob, team, project, task }
}
/** Notes each WebSocket that the page opens, and its end. */
function sockets(page: Page): { opened: number; closed: number } {
  const count = { opened: 0, closed: 0 }
  page.on('websocket', socket => {
    count.opened++
    socket.on('close', () => count.closed++)
  })
  return count
}

test.describe('with tokens that last half a minute', () => {
  test.use({ settings: { TANDEM_ACCESS_TOKEN_LIFE: '32s' } })
  test('a token that ends in the middle of work is renewed on the open connection', async ({ arrive, server }) => {
    test.setTimeout(150_000)
    const { project } = await two(server)
    const [ann, bob] = await Promise.all([arrive('ann', '/'), arrive('bob', '/')])
    for (const page of [ann, bob]) {
      await page.goto(`/p/${project}/board`)
      await expect(card(page, 'First')).toBeVisible()
      await leisure(page)
    }
    const count = sockets(bob)
    const began = Date.now()
    for (let i = 1; Date.now() - began < 80_000; i++) {
      await compose(ann, 'To do')
      await ann.keyboard.type(`Task ${i}`)
      await ann.keyboard.press('Enter')
      await ann.keyboard.press('Escape')
      await expect(card(bob, `Task ${i}`)).toHaveCount(1)
      await ann.waitForTimeout(8000)
    }
    expect(count.opened).toBe(0) // the first one is still open
    await expect(bob.getByText(/Reconnecting/)).toHaveCount(0)
  })
})

test('who is removed from the team while looking at the board is told, and sees no more of it', async ({ arrive, server }) => {
  const { ann, bob, team, project, task } = await two(server)
  const page = await arrive('bob', `/p/${project}/board`)
  await expect(card(page, 'First')).toBeVisible()
  await leisure(page)
  await ann.delete(`/api/teams/${team}/members/${bob.id}`)
  await expect(card(page, 'First')).toHaveCount(0)
  await expect(page.getByText('There is no such project')).toBeVisible()
  await expect(page.getByText('You are no longer a member of Lighthouse')).toBeVisible()
  await ann.patch(`/api/tasks/${task.id}`, { title: 'Secret' })
  await page.waitForTimeout(500)
  await expect(page.getByText('Secret')).toHaveCount(0)
})

test('whose session is ended elsewhere has to log in again', async ({ arrive, server }) => {
  const { bob, project } = await two(server)
  const page = await arrive('bob', `/p/${project}/board`)
  await expect(card(page, 'First')).toBeVisible()
  await leisure(page)
  const { items } = await bob.get<{ items: { id: string; current: boolean }[] }>('/api/me/sessions')
  for (const session of items) if (!session.current) await bob.delete(`/api/me/sessions/${session.id}`)
  await expect(page).toHaveURL(/login/)
  await expect(page.getByText('Your session has ended')).toBeVisible()
})

test('three boards stay the same while the server is restarted under load', async ({ arrive, server }) => {
  test.setTimeout(120_000)
  const { ann, bob, project } = await two(server)
  const pages = await Promise.all([arrive('ann', `/p/${project}/board`), arrive('bob', `/p/${project}/board`), arrive('ann', `/p/${project}/board`)])
  for (const page of pages) await expect(card(page, 'First')).toBeVisible()
  let working = true
  let written = 0
  const writers = [ann, bob].map(async (client, w) => {
    for (let i = 0; working; i++) {
      const task = await client.post<Task>(`/api/projects/${project}/tasks`, { title: `${client.username} ${i}`, status: 'todo' }).catch(() => null)
      if (task) await client.post('/api/tasks/move', { task_ids: [task.id], status: (i + w) % 2 ? 'in_progress' : 'done' }).catch(() => null)
      if (task) written++
      await new Promise(resolve => setTimeout(resolve, task ? 40 : 200))
    }
  })
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
    await new Promise(resolve => setTimeout(resolve, 2500))
    await server.down(signal)
    await new Promise(resolve => setTimeout(resolve, 500))
    await server.up()
  }
  await new Promise(resolve => setTimeout(resolve, 2500))
  working = false
  await Promise.all(writers)
  expect(written).toBeGreaterThan(40)
  for (const [name, status] of [['To do', 'todo'], ['In progress', 'in_progress'], ['Done', 'done']] as const) {
    const stored: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const answer: { items: Task[]; next_cursor: string | null } = await ann.get(`/api/tasks?project_id=${project}&status=${status}&sort=position&limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
      stored.push(...answer.items.map(t => t.title))
      cursor = answer.next_cursor
    }
    for (const page of pages) {
      await expect(page.getByRole('region', { name, exact: true }).getByText(`${stored.length} tasks`)).toHaveCount(1, { timeout: 30_000 })
      // A long column holds what is near the screen.
      const shown = await titles(page, name)
      expect(stored.slice(0, shown.length)).toEqual(shown)
    }
  }
})

test('works where WebSockets do not get through', async ({ arrive, server }) => {
  const { ann, project } = await two(server)
  const page = await arrive('bob', '/')
  await page.addInitScript(() => {
    class Blocked extends EventTarget {
      onclose: ((event: { code: number; reason: string }) => void) | null = null
      constructor() {
        super()
        setTimeout(() => this.onclose?.({ code: 1006, reason: '' }))
      }
      close() { /* never open */ }
      send() { /* never open */ }
    }
    Object.assign(window, { WebSocket: Blocked })
  })
  const streaming = page.waitForRequest(/\/ws\/stream/) // may come before the card is looked for
  await page.goto(`/p/${project}/board`)
  await expect(card(page, 'First')).toBeVisible()
  await streaming
  await page.waitForTimeout(500)
  await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'By another way', status: 'todo' })
  await expect(card(page, 'By another way')).toBeVisible({ timeout: 3000 })
  await expect(page.getByText(/Reconnecting/)).toHaveCount(0)
})
