import AxeBuilder from '@axe-core/playwright'
import { type Browser, expect, type Page, test as base } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { Server } from '../server'

const test = base.extend<{ server: Server }>({
  // eslint-disable-next-line no-empty-pattern
  server: async ({}, use) => {
    const server = await Server.start()
    await use(server)
    await server.close()
  },
})

/** Somebody's own browser, logged in through the page. */
async function logIn(browser: Browser, server: Server, username: string, path: string): Promise<Page> {
  const context = await browser.newContext({ baseURL: server.url, viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.on('pageerror', error => { throw error })
  await page.goto('/login')
  await page.getByLabel(/username|email/i).first().fill(username)
  await page.getByRole('textbox', { name: 'Password' }).fill(Client.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page).not.toHaveURL(/login/)
  await page.goto(path)
  return page
}

const column = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

async function noViolations(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`)).toEqual([])
  }
}

test('a stranger registers, makes a team and a project, and sees its board', async ({ page, server }) => {
  await page.goto(`${server.url}/`)
  await expect(page.getByRole('heading', { name: 'Welcome to Tandem' })).toBeVisible()
  await noViolations(page)
  await page.getByLabel('Name', { exact: true }).fill('Ann Example')
  await page.getByLabel('Username').fill('ann')
  await page.getByLabel('Email').fill('ann@example.org')
  await page.getByRole('textbox', { name: 'Password' }).fill(Client.password)
  await page.getByRole('button', { name: 'Set up Tandem' }).click()
  await expect(page.getByRole('heading', { name: /Welcome, Ann/ })).toBeVisible()
  await page.getByRole('textbox').first().fill('Lighthouse')
  await page.getByRole('button', { name: /create/i }).first().click()
  await expect(page.getByRole('heading', { name: 'Create a project' })).toBeVisible()
  await page.getByRole('textbox').first().fill('Website')
  await page.getByRole('button', { name: /create/i }).first().click()
  await expect(column(page, 'To do')).toBeVisible()
  await expect(column(page, 'Done')).toBeVisible()
  await noViolations(page)
})

test('everybody sees every change of the others without reloading', async ({ browser, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const pages = await Promise.all([logIn(browser, server, 'ann', `/p/${project}/board`), logIn(browser, server, 'bob', `/p/${project}/board`)])
  for (const page of pages) await expect(column(page, 'To do')).toBeVisible()

  const task = await bob.post<Task>(`/api/projects/${project}/tasks`, { title: 'Write the invitation' })
  for (const page of pages) await expect(column(page, 'To do').getByText('Write the invitation')).toBeVisible()

  await ann.patch(`/api/tasks/${task.id}`, { title: 'Write the letter', was: { title: 'Write the invitation' } })
  for (const page of pages) await expect(column(page, 'To do').getByText('Write the letter')).toBeVisible()

  await bob.post('/api/tasks/move', { task_ids: [task.id], status: 'done' })
  for (const page of pages) {
    await expect(column(page, 'Done').getByText('Write the letter')).toBeVisible()
    await expect(column(page, 'To do').getByText('Write the letter')).toHaveCount(0)
  }

  await ann.delete(`/api/tasks/${task.id}`)
  for (const page of pages) await expect(page.getByText('Write the letter')).toHaveCount(0)
  await bob.post(`/api/tasks/${task.id}/restore`, {})
  for (const page of pages) await expect(column(page, 'Done').getByText('Write the letter')).toBeVisible()
})

test('open boards converge after the server was killed and started again', async ({ browser, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const page = await logIn(browser, server, 'ann', `/p/${project}/board`)
  await ann.post(`/api/projects/${project}/tasks`, { title: 'Before the crash' })
  await expect(page.getByText('Before the crash')).toBeVisible()
  await server.down('SIGKILL')
  await server.up()
  await ann.post(`/api/projects/${project}/tasks`, { title: 'After the crash' })
  await expect(page.getByText('After the crash')).toBeVisible({ timeout: 30_000 })
})
