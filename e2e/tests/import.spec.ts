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
