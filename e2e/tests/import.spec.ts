import { expect } from '@playwright/test'
import { join } from 'node:path'
import { Client, teamOf } from '../client'
import { column, test } from '../people'

const file = join(import.meta.dirname, '..', '..', 'internal', 'transfer', 'testdata', 'qlog-issues.json')

test('a real project comes in through the page, and search finds a word of a comment', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const page = await arrive('ann', `/p/${project}/settings/import`)
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByRole('main').getByText(/269 tasks and 722 comments imported/)).toBeVisible({ timeout: 30_000 })
  await page.goto(`/p/${project}/board`)
  await expect(column(page, 'Done')).toContainText('WEB-')
  await page.goto(`/search?q=${encodeURIComponent('draft-01 allowing')}`)
  await page.getByRole('link', { name: /Allow flexible fields definitions/ }).first().click()
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Title' })).toHaveValue('Allow flexible fields definitions')
})

test('a file that is none of the formats is refused with its reason, and nothing comes in', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const page = await arrive('ann', `/p/${project}/settings/import`)
  await page.locator('input[type=file]').setInputFiles({ name: 'issues.json', mimeType: 'application/json', buffer: Buffer.from('[{"number": 1, "title": "Fine"}, {"number": 2, "title": 7}]') })
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByRole('main').getByRole('alert')).toContainText(/entry 2/i)
  expect((await ann.get<{ items: unknown[] }>(`/api/tasks?project_id=${project}`)).items).toEqual([])
})

test('an empty file is refused at its field, before anything is sent', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const page = await arrive('ann', `/p/${project}/settings/import`)
  const sent: string[] = []
  page.on('request', request => { if (request.method() === 'POST') sent.push(request.url()) })
  await page.getByLabel('File').setInputFiles({ name: 'issues.json', mimeType: 'application/json', buffer: Buffer.alloc(0) })
  await expect(page.getByLabel('File')).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByLabel('File')).toHaveAccessibleDescription(/^This file is empty\./)
  await expect(page.getByRole('button', { name: 'Import', exact: true })).toBeDisabled()
  expect(sent).toEqual([])
  await page.getByLabel('File').setInputFiles({ name: 'tasks.csv', mimeType: 'text/csv', buffer: Buffer.from('title\nOne\n') })
  await expect(page.getByLabel('File')).not.toHaveAttribute('aria-invalid', 'true')
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByRole('main').getByText(/1 task and 0 comments imported/)).toBeVisible()
})
