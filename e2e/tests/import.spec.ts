import { expect, test } from '@playwright/test'
import { join } from 'node:path'
import { Client, teamOf } from '../client'
import { Server } from '../server'

const file = join(import.meta.dirname, '..', '..', 'internal', 'transfer', 'testdata', 'qlog-issues.json')

test('a real project comes in through the page, and search finds a word of a comment', async ({ page }) => {
  const server = await Server.start()
  try {
    const ann = await Client.register(server.url, 'ann', 'Ann')
    const { project } = await teamOf(ann)
    await page.goto(`${server.url}/login`)
    await page.getByLabel(/username|email/i).first().fill('ann')
    await page.getByRole('textbox', { name: 'Password' }).fill(Client.password)
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page).not.toHaveURL(/login/)
    await page.goto(`${server.url}/p/${project}/settings/import`)
    await page.locator('input[type=file]').setInputFiles(file)
    const button = page.getByRole('button', { name: 'Import', exact: true })
    if (await button.isVisible()) await button.click()
    await expect(page.getByText(/269 tasks and 722 comments imported/)).toBeVisible({ timeout: 30_000 })
    await page.goto(`${server.url}/p/${project}/board`)
    await expect(page.getByRole('region', { name: 'Done' })).toContainText('WEB-')
    await page.goto(`${server.url}/search?q=${encodeURIComponent('draft-01 allowing')}`)
    await expect(page.getByText('Allow flexible fields definitions').first()).toBeVisible()
  } finally {
    await server.close()
  }
})
