import { expect, type Page, test } from '@playwright/test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, type Task, teamOf } from '../client'
import { Server } from '../server'

const guide = join(import.meta.dirname, '..', '..', 'docs', 'guide')
const issues = join(import.meta.dirname, '..', '..', 'internal', 'transfer', 'testdata', 'qlog-issues.json')

/** The page as it is: light and dark on a desk, and on a phone. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const [kind, colorScheme, width, height] of [['light', 'light', 1280, 800], ['dark', 'dark', 1280, 800], ['phone', 'light', 390, 844]] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height })
    await page.screenshot({ path: join(guide, `${name}-${kind}.png`) })
  }
}

test('every page of the guide', async ({ page }) => {
  const server = await Server.start()
  try {
    await page.goto(`${server.url}/register`)
    await expect(page.getByRole('button', { name: 'Set up Tandem' })).toBeVisible()
    await shoot(page, 'register')
    const ann = await Client.register(server.url, 'ann', 'Ann Archer')
    const bob = await Client.register(server.url, 'bob', 'Bob Builder')
    const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }])
    const { id } = await ann.call<{ id: string }>('POST', `/api/projects/${project}/import?format=github`, await readFile(issues, 'utf8'))
    await expect.poll(async () => (await ann.get<{ state: string }>(`/api/imports/${id}`)).state).toBe('done')
    const { items } = await ann.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&sort=-number&limit=14`)
    await ann.post('/api/tasks/move', { task_ids: items.slice(0, 6).map(t => t.id), status: 'todo' })
    await ann.post('/api/tasks/move', { task_ids: items.slice(6, 10).map(t => t.id), status: 'in_progress' })
    await ann.post('/api/tasks/move', { task_ids: items.slice(10, 12).map(t => t.id), status: 'in_review' })
    for (const [i, t] of items.entries()) await ann.patch(`/api/tasks/${t.id}`, { assigned_to: i % 2 ? ann.id : bob.id, priority: ['high', 'low', 'urgent', 'medium'][i % 4] })

    await page.goto(`${server.url}/login`)
    await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible()
    await shoot(page, 'login')
    await page.getByLabel(/username|email/i).first().fill('ann')
    await page.getByRole('textbox', { name: 'Password' }).fill(Client.password)
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page).not.toHaveURL(/login/)
    for (const [name, path] of [
      ['board', `/p/${project}/board`], ['task', `/p/${project}/board/${items[0]!.key}`], ['list', `/p/${project}/list`], ['members', `/t/${team}/members`], ['labels', `/t/${team}/labels`],
      ['statuses', `/p/${project}/settings/statuses`], ['import', `/p/${project}/settings/import`], ['export', `/p/${project}/settings/export`], ['search', '/search?q=stream'],
      ['profile', '/settings/profile'], ['sessions', '/settings/sessions'], ['not-found', '/nowhere'],
    ] as const) {
      await page.setViewportSize({ width: 1280, height: 800 })
      await page.goto(server.url + path)
      await page.waitForLoadState('networkidle')
      await shoot(page, name)
    }
  } finally {
    await server.close()
  }
})
