import { readFile } from 'node:fs/promises'
import { expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { leisure, noViolations, test } from '../people'

async function scene(url: string) {
  const ann = await Client.register(url, 'ann', 'Ann')
  const bob = await Client.register(url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'viewer' }])
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Paint the lamp', assigned_to: ann.id })
  await ann.post(`/api/tasks/${task.id}/comments`, { body: 'in red' })
  await ann.post('/api/tasks/move', { task_ids: [task.id], status: 'done' })
  return { ann, team, project }
}
async function open(page: Page): Promise<void> {
  await leisure(page)
  await page.getByRole('button', { name: 'Reports' }).click()
  await expect(page.getByRole('dialog', { name: /^Reports of/ })).toBeVisible()
}
async function saved(page: Page, act: () => Promise<void>): Promise<{ name: string; content: Buffer }> {
  const [file] = await Promise.all([page.waitForEvent('download'), act()])
  return { name: file.suggestedFilename(), content: await readFile(await file.path()) }
}

test('a file of all data is made and fetched, a report of the week too, and both are deleted', async ({ arrive, server }) => {
  const { project } = await scene(server.url)
  const page = await arrive('bob', `/p/${project}/analytics`)
  await open(page)
  await expect(page.getByText('None yet.')).toBeVisible()
  await noViolations(page, 'reports, empty')
  await page.getByRole('button', { name: 'Make a file of all data' }).click()
  const download = page.getByRole('button', { name: /^Download .*\.zip$/ })
  const zip = await saved(page, () => download.click())
  expect(zip.name).toMatch(/\d{4}-\d\d-\d\d\.zip$/)
  expect(zip.content.subarray(0, 2).toString()).toBe('PK')
  for (const name of ['tasks.csv', 'comments.csv', 'activity.csv', 'figures.csv', 'members.csv']) expect(zip.content.includes(name)).toBe(true)

  await page.getByRole('combobox', { name: 'Week' }).selectOption({ index: 0 })
  await page.getByRole('button', { name: 'Make a report of the week' }).click()
  const html = await saved(page, () => page.getByRole('button', { name: /^Download .*\.html$/ }).click())
  expect(html.content.toString()).toContain('Paint the lamp')
  await noViolations(page, 'reports')

  // The page of the week is one that people read.
  const reader = await page.context().newPage()
  await reader.setContent(html.content.toString())
  await expect(reader.getByRole('heading', { name: 'Completed', exact: true })).toBeVisible()
  await reader.close()

  await page.reload()
  await open(page)
  await expect(download).toBeVisible()
  await page.getByRole('button', { name: /^Delete .*\.zip$/ }).click()
  await expect(download).toBeHidden()
  await page.getByRole('button', { name: /^Delete .*\.html$/ }).click()
  await expect(page.getByText('None yet.')).toBeVisible()
})

test('whoever has gone on to something else is told when it is ready; another tab shows it too', async ({ arrive, server }) => {
  const { team } = await scene(server.url)
  const page = await arrive('ann', `/t/${team}/analytics`)
  const other = await arrive('ann', `/t/${team}/analytics`)
  await open(other)
  await open(page)
  // The dialog is closed before the answer is there.
  await page.route('**/api/teams/*/reports', async route => { if (route.request().method() === 'POST') await new Promise(done => setTimeout(done, 300)); await route.continue() })
  await page.getByRole('button', { name: 'Make a file of all data' }).click()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  const ready = page.getByText(/\.zip” is ready$/)
  await expect(ready).toBeVisible()
  const zip = await saved(page, () => page.getByRole('button', { name: 'Download', exact: true }).click())
  expect(zip.content.includes('tasks.csv')).toBe(true)
  await expect(other.getByRole('button', { name: /^Download .*\.zip$/ })).toBeVisible()
})

test('one that is being made can be stopped, and a refusal is shown', async ({ arrive, server }) => {
  const { ann, team } = await scene(server.url)
  const page = await arrive('ann', `/t/${team}/analytics`)
  await open(page)
  // It waits for ever, as far as this page knows.
  const at = '2026-11-24T08:00:00Z'
  const waiting = { id: '01a20000-0000-7000-8000-000000000001', team_id: team, project_id: null, kind: 'data', name: 'Long one.zip', week: null, state: 'running', done: 1200, total: 48000, size: 0, created_at: at, finished_at: null, expires_at: null }
  await page.route('**/api/teams/*/reports', route => route.request().method() === 'POST' ? route.fulfill({ status: 202, json: waiting }) : route.continue())
  await page.route(`**/api/reports/${waiting.id}`, route => route.fulfill({ status: 204 }))
  await page.getByRole('button', { name: 'Make a file of all data' }).click()
  await expect(page.getByRole('progressbar', { name: 'Long one.zip' })).toHaveAttribute('aria-valuenow', '2')
  await noViolations(page, 'a report under way')
  await page.getByRole('button', { name: 'Stop Long one.zip' }).click()
  await expect(page.getByText('None yet.')).toBeVisible()
  await page.unroute('**/api/teams/*/reports')
  await page.route('**/api/teams/*/reports', route => route.request().method() === 'POST' ? route.fulfill({ status: 409, contentType: 'application/problem+json', json: { type: 'about:blank', title: 'Conflict', status: 409, code: 'too_many_reports', detail: '3 reports are being made for you already: wait for one, or stop it' } }) : route.continue())
  await page.getByRole('button', { name: 'Make a file of all data' }).click()
  await expect(page.getByRole('alert')).toContainText('wait for one, or stop it')
  expect((await ann.get<{ items: unknown[] }>(`/api/teams/${team}/reports`)).items).toEqual([])
})
