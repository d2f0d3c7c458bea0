import { expect } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { column, noViolations, test } from '../people'

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

test('everybody sees every change of the others without reloading', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const pages = await Promise.all([arrive('ann', `/p/${project}/board`), arrive('bob', `/p/${project}/board`)])
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

test('open boards converge after the server was killed and started again', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const page = await arrive('ann', `/p/${project}/board`)
  await ann.post(`/api/projects/${project}/tasks`, { title: 'Before the crash' })
  await expect(page.getByText('Before the crash')).toBeVisible()
  await server.down('SIGKILL')
  await server.up()
  await ann.post(`/api/projects/${project}/tasks`, { title: 'After the crash' })
  await expect(page.getByText('After the crash')).toBeVisible({ timeout: 30_000 })
})
