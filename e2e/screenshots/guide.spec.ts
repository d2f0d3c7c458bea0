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

async function logIn(page: Page, url: string, username: string): Promise<void> {
  await page.goto(`${url}/login`)
  await page.getByLabel(/username|email/i).first().fill(username)
  await page.getByRole('textbox', { name: 'Password' }).fill(Client.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page).not.toHaveURL(/login/)
}

test('every page of the guide', async ({ page }) => {
  const server = await Server.start()
  try {
    await page.goto(`${server.url}/register`)
    await expect(page.getByRole('button', { name: 'Set up Tandem' })).toBeVisible()
    await shoot(page, 'register')
    await page.goto(`${server.url}/forgot`)
    await shoot(page, 'forgot')
    await page.goto(`${server.url}/reset?token=x`)
    await shoot(page, 'reset')
    const ann = await Client.register(server.url, 'ann', 'Ann Archer')
    const bob = await Client.register(server.url, 'bob', 'Bob Builder')
    const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }])
    const empty = await ann.post<{ id: string }>(`/api/teams/${team}/projects`, { name: 'Garden', key: 'GAR', description: 'What is to be planted, and where.' })
    const invite = await ann.post<{ token: string }>(`/api/teams/${team}/invites`, { email: 'carol@example.org', role: 'member' })
    const { id } = await ann.call<{ id: string }>('POST', `/api/projects/${project}/import?format=github`, await readFile(issues, 'utf8'))
    await expect.poll(async () => (await ann.get<{ state: string }>(`/api/imports/${id}`)).state).toBe('done')
    const { items } = await ann.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&sort=-number&limit=14`)
    await ann.post('/api/tasks/move', { task_ids: items.slice(0, 6).map(t => t.id), status: 'todo' })
    await ann.post('/api/tasks/move', { task_ids: items.slice(6, 10).map(t => t.id), status: 'in_progress' })
    await ann.post('/api/tasks/move', { task_ids: items.slice(10, 12).map(t => t.id), status: 'in_review' })
    for (const [i, t] of items.entries()) await ann.patch(`/api/tasks/${t.id}`, { assigned_to: i % 2 ? ann.id : bob.id, priority: ['high', 'low', 'urgent', 'medium'][i % 4] })

    await ann.patch(`/api/projects/${project}/statuses/in_review`, { wip_limit: 2 })
    const day = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString()
    for (const [i, t] of items.slice(0, 4).entries()) await ann.patch(`/api/tasks/${t.id}`, { due_at: day([-3, 0, 1, 20][i]!) })
    await bob.post(`/api/tasks/${items[0]!.id}/comments`, { body: 'I can take the **second half** of this:\n\n- [x] read the draft\n- [ ] write the text' })
    await bob.post(`/api/tasks/${items[0]!.id}/comments`, { body: '@ann could you read it before Friday? @bob will print it.' })
    await bob.patch(`/api/tasks/${items[2]!.id}`, { assigned_to: ann.id })
    await ann.post(`/api/tasks/${items[0]!.id}/comments`, { body: 'Good. See also `section 4.2`.' })
    await ann.delete(`/api/tasks/${items[13]!.id}`)

    await page.goto(`${server.url}/invite/${invite.token}`)
    await expect(page.getByRole('link', { name: 'Sign up to join' })).toBeVisible()
    await shoot(page, 'invite')
    await page.goto(`${server.url}/login`)
    await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible()
    await shoot(page, 'login')
    await logIn(page, server.url, 'ann')
    for (const [name, path] of [
      ['board', `/p/${project}/board`], ['task', `/p/${project}/board/${items[0]!.key}`], ['list', `/p/${project}/list`], ['trash', `/p/${project}/list?trash=1`], ['analytics', `/p/${project}/analytics?from=2022-01-01&to=2023-12-31&by=month`], ['empty-analytics', `/p/${empty.id}/analytics`], ['team-analytics', `/t/${team}/analytics`], ['my-figures', '/me/analytics'], ['my-tasks', '/my'], ['calendar', `/p/${project}/calendar`], ['week', `/p/${project}/calendar?zoom=week&undated=1`], ['my-calendar', '/my/calendar'], ['filtered-board', `/p/${project}/board?priority=high,urgent`], ['team-tasks', `/t/${team}/tasks?open=1`], ['by-assignee', `/p/${project}/board?group=assignee`], ['swimlanes', `/p/${project}/board?lanes=priority`], ['empty-board', `/p/${empty.id}/board`], ['empty-list', `/p/${empty.id}/list`], ['projects', `/t/${team}/projects`], ['members', `/t/${team}/members`], ['labels', `/t/${team}/labels`],
      ['team-settings', `/t/${team}/settings`], ['project-settings', `/p/${project}/settings/general`], ['statuses', `/p/${project}/settings/statuses`], ['import', `/p/${project}/settings/import`], ['export', `/p/${project}/settings/export`], ['search', '/search?q=stream'],
      ['profile', '/settings/profile'], ['sessions', '/settings/sessions'], ['password', '/settings/password'], ['no-project', '/p/none/board'], ['not-found', '/nowhere'], ['notifications', '/notifications'], ['notification-settings', '/settings/notifications'], ['mails', '/admin/mails'], ['mail-previews', '/admin/mail-previews'],
    ] as const) {
      await page.setViewportSize({ width: 1280, height: 800 })
      await page.goto(server.url + path)
      await page.waitForLoadState('networkidle')
      await shoot(page, name)
    }
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(`${server.url}/p/${project}/analytics`)
    await page.getByRole('button', { name: 'Reports' }).click()
    await page.getByRole('button', { name: 'Make a file of all data' }).click()
    await expect(page.getByRole('button', { name: /^Download .*\.zip$/ })).toBeVisible()
    await shoot(page, 'reports')
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(`${server.url}/p/${project}/board`)
    for (const [kind, colorScheme, width, height] of [['light', 'light', 1280, 800], ['dark', 'dark', 1280, 800], ['phone', 'light', 390, 844]] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize({ width, height })
      await page.getByRole('button', { name: /^Notifications/ }).click()
      await expect(page.getByRole('dialog', { name: 'Notifications' }).getByRole('link', { name: /Bob/ }).first()).toBeVisible()
      await page.screenshot({ path: join(guide, `bell-${kind}.png`) })
      await page.keyboard.press('Escape')
    }
    await page.setViewportSize({ width: 1280, height: 800 })
    for (const task of items.slice(0, 3)) await page.locator(`[data-task="${task.id}"]`).click({ modifiers: ['ControlOrMeta'] })
    await shoot(page, 'selection')
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.keyboard.press('ControlOrMeta+k')
    await page.getByRole('combobox', { name: 'Command or task' }).fill('as')
    await shoot(page, 'palette')
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.keyboard.press('?')
    await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
    await shoot(page, 'shortcuts')
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 1280, height: 800 })
    const second = await page.context().browser()!.newContext()
    const other = await second.newPage()
    await logIn(other, server.url, bob.username)
    await other.goto(`${server.url}/p/${project}/board/${items[1]!.key}`)
    await other.getByRole('dialog').getByRole('textbox', { name: 'Comment' }).fill('I would')
    await page.goto(`${server.url}/p/${project}/board/${items[1]!.key}`)
    await expect(page.getByText('Bob Builder is writing a comment')).toBeVisible()
    await shoot(page, 'presence')
    await second.close()
    const title = page.getByRole('dialog').getByRole('textbox', { name: 'Title' })
    await title.fill(`${items[1]!.title}, before the summer`)
    await bob.patch(`/api/tasks/${items[1]!.id}`, { title: `${items[1]!.title}, with an example`, was: { title: items[1]!.title } })
    await expect(page.getByText(/Bob Builder changed the title/)).toBeVisible()
    await title.press('Enter')
    await expect(page.getByRole('dialog', { name: 'Which version shall stay?' })).toBeVisible()
    await shoot(page, 'conflict')
    const carol = await Client.register(server.url, 'carol', 'Carol')
    const context = await page.context().browser()!.newContext()
    const first = await context.newPage()
    await logIn(first, server.url, carol.username)
    await expect(first.getByRole('heading', { name: /Welcome, Carol/ })).toBeVisible()
    await shoot(first, 'start')
    await context.close()
  } finally {
    await server.close()
  }
})
