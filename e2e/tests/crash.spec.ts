import { expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { card, compose, leisure, moveTo, test, titles } from '../people'

async function write(page: Page, ...names: string[]): Promise<void> {
  await compose(page, 'To do')
  for (const name of names) {
    await page.keyboard.type(name)
    await page.keyboard.press('Enter')
  }
  await page.keyboard.press('Escape')
}

test('both go on working while the server is killed and started again, and end with the same board', async ({ arrive, server }) => {
  const client = await Client.register(server.url, 'ann', 'Ann')
  const other = await Client.register(server.url, 'bob', 'Bob')
  const { project } = await teamOf(client, [{ client: other, role: 'member' }])
  for (const title of ['One', 'Two', 'Three']) await client.post<Task>(`/api/projects/${project}/tasks`, { title, status: 'todo' })
  const [ann, bob] = await Promise.all([arrive('ann', `/p/${project}/board`), arrive('bob', `/p/${project}/board`)])
  for (const page of [ann, bob]) {
    await expect(card(page, 'Three')).toBeVisible()
    await leisure(page)
  }

  await server.down('SIGKILL')
  // Nobody waits for it: new tasks, a move and a rename are made with the server gone.
  await write(ann, 'Written by Ann', 'And another')
  await card(bob, 'Two').locator('[data-card]').focus()
  await moveTo(bob, 'Done')
  await expect.poll(() => titles(bob, 'Done')).toEqual(['Two'])
  await write(bob, 'Written by Bob')
  await expect(ann.getByText(/Reconnecting|You are offline/)).toBeVisible({ timeout: 20_000 })
  await server.up()

  for (const page of [ann, bob]) {
    for (const title of ['Written by Ann', 'And another', 'Written by Bob']) await expect(card(page, title)).toHaveCount(1, { timeout: 30_000 })
    await expect.poll(() => titles(page, 'Done'), { timeout: 30_000 }).toEqual(['Two'])
    await expect(page.getByText(/Reconnecting|You are offline/)).toHaveCount(0, { timeout: 30_000 })
    await expect(page.locator('[data-task][aria-busy]')).toHaveCount(0)
  }
  const stored = (await client.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&status=todo&sort=position`)).items.map(t => t.title)
  expect([...stored].sort()).toEqual(['And another', 'One', 'Three', 'Written by Ann', 'Written by Bob'])
  for (const page of [ann, bob]) await expect.poll(() => titles(page, 'To do')).toEqual(stored)
  // And what was open before goes on being live.
  await write(ann, 'After it all')
  await expect(card(bob, 'After it all')).toBeVisible()
})
