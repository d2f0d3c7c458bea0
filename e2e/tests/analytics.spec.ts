import { readFile } from 'node:fs/promises'
import { expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { leisure, noViolations, test } from '../people'

interface Event { type: string; timestamp: string; task_id?: string; changes?: { status?: string }; tasks?: { task_id: string; changes: { status?: string } }[] }
interface Scene { ann: Client; bob: Client; team: string; project: string; tasks: Task[] }

/** Eight tasks on their ways: some begun, some done, one done and opened again, one cancelled, one deleted, one overdue. */
async function scene(url: string): Promise<Scene> {
  const ann = await Client.register(url, 'ann', 'Ann')
  const bob = await Client.register(url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  await ann.post(`/api/projects/${project}/statuses`, { name: 'Dropped', category: 'cancelled' })
  const tasks: Task[] = []
  for (let i = 0; i < 8; i++) tasks.push(await ann.post<Task>(`/api/projects/${project}/tasks`, { title: `Task ${i}`, priority: i % 2 ? 'high' : 'low', assigned_to: i < 4 ? ann.id : bob.id, ...(i === 6 && { due_at: '2020-01-01T00:00:00Z' }) }))
  const move = (i: number, status: string) => ann.post('/api/tasks/move', { task_ids: [tasks[i]!.id], status })
  for (const i of [0, 1, 2, 3]) await move(i, 'in_progress')
  for (const i of [0, 1, 2, 4]) await move(i, 'done')
  await move(2, 'in_review')
  await move(5, 'dropped')
  await ann.delete(`/api/tasks/${tasks[7]!.id}`)
  return { ann, bob, team, project, tasks }
}

/** The same counted from the log of changes, one event after the other. */
async function naive({ ann, team }: Scene): Promise<{ completed: number; created: number; open: number }> {
  const { items } = await ann.get<{ items: Event[] }>(`/api/teams/${team}/events?after=0&limit=200`)
  const status = new Map<string, string>()
  const gone = new Set<string>()
  for (const event of items) {
    if (!event.type.startsWith('task.')) continue
    const changes = event.tasks ?? [{ task_id: event.task_id!, changes: event.changes ?? {} }]
    for (const { task_id, changes: set } of changes) {
      if (set.status) status.set(task_id, set.status)
      if (event.type === 'task.deleted') gone.add(task_id)
    }
  }
  const left = [...status].filter(([id]) => !gone.has(id)).map(([, it]) => it)
  return { completed: left.filter(s => s === 'done').length, created: left.length, open: left.filter(s => s !== 'done' && s !== 'dropped').length }
}
const tile = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: new RegExp(`^${name}`) }).getByRole('link')
const figure = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

test('the figures are those of the log, lead to their tasks, and follow what happens', async ({ arrive, server }) => {
  const it = await scene(server.url)
  const want = await naive(it)
  expect(want).toEqual({ completed: 3, created: 7, open: 3 })
  const page = await arrive('ann', `/p/${it.project}/analytics`)
  await expect(tile(page, 'Completed')).toContainText(String(want.completed))
  await expect(tile(page, 'Created')).toContainText(String(want.created))
  await expect(tile(page, 'Open')).toContainText(String(want.open))
  await expect(tile(page, 'Overdue')).toContainText('1')
  await leisure(page)
  await noViolations(page, 'analytics')
  await page.emulateMedia({ colorScheme: 'light' })

  for (const [name, tasks] of [['Completed', ['Task 0', 'Task 1', 'Task 4']], ['Overdue', ['Task 6']], ['Open', ['Task 2', 'Task 3', 'Task 6']], ['Created', ['Task 0', 'Task 1', 'Task 2', 'Task 3', 'Task 4', 'Task 5', 'Task 6']]] as const) {
    await tile(page, name).click()
    await expect(page).toHaveURL(/\/list\?/)
    await expect.poll(async () => (await page.locator('[data-row]').allTextContents()).sort()).toEqual([...tasks])
    await page.goBack()
  }
  const people = figure(page, 'Completed by person')
  await expect(people.getByRole('link', { name: /Ann.*2/ })).toBeVisible()
  await people.getByRole('link', { name: /Bob.*1/ }).click()
  await expect.poll(async () => page.locator('[data-row]').allTextContents()).toEqual(['Task 4'])
  await page.goBack()
  await expect(tile(page, 'Completed')).toContainText('3')
  await it.ann.post('/api/tasks/move', { task_ids: [it.tasks[3]!.id], status: 'done' })
  await expect(tile(page, 'Completed')).toContainText('4', { timeout: 15_000 })
})

test('what was there on a day of the cumulative flow is shown, and what each figure means', async ({ arrive, server }) => {
  const it = await scene(server.url)
  const page = await arrive('ann', `/p/${it.project}/analytics`)
  await page.getByRole('img', { name: /^Cumulative flow/ }).press('End')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/created=\.\./)
  await expect.poll(async () => (await page.locator('[data-row]').allTextContents()).length).toBe(7)
  await page.goBack()
  await page.getByText('What these figures mean').click()
  await expect(page.getByText('From a task’s creation to its completion.')).toBeVisible()
  await noViolations(page, 'definitions')
})

test('a chart is walked by arrow keys, and is a table, a file and a picture too', async ({ arrive, server }) => {
  const it = await scene(server.url)
  const page = await arrive('ann', `/p/${it.project}/analytics?range=7d`)
  const done = figure(page, 'Completed over time')
  const chart = done.getByRole('img')
  await chart.focus()
  await page.keyboard.press('End')
  await expect(done.getByRole('status')).toContainText('Completed 3')
  await page.keyboard.press('ArrowLeft')
  await expect(done.getByRole('status')).toContainText('Completed 0')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/list\?completed=/)
  await expect.poll(async () => (await page.locator('[data-row]').allTextContents()).sort()).toEqual(['Task 0', 'Task 1', 'Task 4'])
  await page.goBack()
  await done.getByRole('button', { name: 'Show as table' }).click()
  await expect(done.getByRole('table').getByRole('row')).toHaveCount(8)
  await expect(done.getByRole('table').getByRole('row').last()).toContainText('3')
  const [csv] = await Promise.all([page.waitForEvent('download'), done.getByRole('button', { name: 'Download as CSV' }).click()])
  const lines = (await readFile((await csv.path())!, 'utf8')).replace('\ufeff', '').trim().split('\r\n')
  expect(lines[0]).toBe('Day,The period before,Completed')
  expect(lines).toHaveLength(8)
  expect(lines.at(-1)).toMatch(/^\d{4}-\d{2}-\d{2},0,3$/)
  await done.getByRole('button', { name: 'Show as chart' }).click()
  for (const name of ['Completed over time', 'By status', 'Open by priority']) {
    const [picture] = await Promise.all([page.waitForEvent('download'), figure(page, name).getByRole('button', { name: 'Download the picture' }).click()])
    expect(await readFile((await picture.path())!, 'utf8')).toMatch(/^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/)
  }
  await page.getByLabel('Steps').selectOption('week')
  await expect(page).toHaveURL(/by=week/)
  await page.getByLabel('Days', { exact: true }).selectOption('365d')
  await expect(page).toHaveURL(/range=365d/)
})

test('a team has its figures; those of a member are shown when the team says so; one’s own always', async ({ arrive, server }) => {
  const it = await scene(server.url)
  const page = await arrive('ann', `/t/${it.team}/analytics`)
  await expect(tile(page, 'Completed')).toContainText('3')
  await tile(page, 'Completed').click()
  await expect.poll(async () => (await page.locator('[data-row]').allTextContents()).sort()).toEqual(['Task 0', 'Task 1', 'Task 4'])
  await page.goto(`/t/${it.team}/members/${it.bob.id}/analytics`)
  await expect(page.getByText('This team keeps its members’ figures private')).toBeVisible()
  await page.goto(`/t/${it.team}/settings`)
  await page.getByRole('switch', { name: 'Members see each other’s figures' }).click()
  await expect(page.getByRole('switch', { name: 'Members see each other’s figures' })).toBeChecked()
  await page.goto(`/t/${it.team}/members`)
  await page.getByRole('button', { name: 'Bob', exact: true }).click()
  await page.getByRole('link', { name: 'Figures of Bob in Lighthouse' }).click()
  await expect(tile(page, 'Completed')).toContainText('1')
  await leisure(page)
  await page.getByRole('button', { name: 'Ann: settings and log out' }).click()
  await page.getByRole('menuitem', { name: 'My figures' }).click()
  await expect(tile(page, 'Completed')).toContainText('2')
  await expect(page.getByRole('list', { name: 'Streaks' })).toContainText('1')
  await noViolations(page, 'my figures')
  // Its numbers lead to My tasks, which has them from all teams.
  const own = async (): Promise<string[]> => (await page.locator('[data-row]').allTextContents()).sort()
  await tile(page, 'Completed').click()
  await expect(page).toHaveURL(/\/my\?/)
  await expect.poll(own).toEqual(['Task 0', 'Task 1'])
  await page.goBack()
  await tile(page, 'Created').click()
  await expect.poll(own).toEqual(['Task 0', 'Task 1', 'Task 2', 'Task 3'])
  // The twelve weeks, today's square among them.
  await page.goBack()
  const weeks = page.getByRole('region', { name: 'The last twelve weeks' })
  await expect(weeks).toContainText('2 completed, day by day')
  await weeks.getByRole('link', { name: /: 2 completed$/ }).click()
  await expect(page).toHaveURL(/completed=/)
  await expect.poll(own).toEqual(['Task 0', 'Task 1'])
})

test('a new project has nothing to count, and a failure says so', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const page = await arrive('ann', `/p/${project}/analytics`)
  await expect(page.getByText('Nothing to count yet')).toBeVisible()
  await page.route('**/analytics?*', route => route.request().resourceType() === 'document' ? route.fallback() : route.fulfill({ status: 503, json: { status: 503, title: 'Busy', detail: 'the server is busy' } }))
  await page.reload()
  await expect(page.getByText('The figures could not be loaded')).toBeVisible({ timeout: 20_000 })
  await page.unroute('**/analytics?*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByText('Nothing to count yet')).toBeVisible()
})
