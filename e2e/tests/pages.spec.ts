import { expect } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { noViolations, test } from '../people'

test('no page has a finding of axe, in either theme', async ({ arrive, server, page }) => {
  test.setTimeout(180_000)
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'viewer' }])
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, {
    title: 'A task with everything', description: '# Head\n\n- one\n- two\n\n`code` and [link](https://example.org)', priority: 'urgent', due_at: '2020-01-01T00:00:00Z', assigned_to: ann.id,
  })
  await ann.post(`/api/teams/${team}/labels`, { name: 'bug', color: 'red' })
  await ann.patch(`/api/tasks/${task.id}`, { labels: ['bug'] })
  await ann.post(`/api/tasks/${task.id}/comments`, { body: 'A comment with **weight**' })
  const { token } = await ann.post<{ token: string }>(`/api/teams/${team}/invites`, { email: 'carol@example.org', role: 'member' })

  for (const path of ['/login', '/register', '/forgot', '/reset?token=x', `/invite/${token}`, '/nowhere']) {
    await page.goto(server.url + path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await noViolations(page, path)
  }
  const inside = await arrive('ann', '/')
  for (const path of [
    `/t/${team}/projects`, `/t/${team}/members`, `/t/${team}/labels`, `/t/${team}/settings`, `/p/${project}/board`, `/p/${project}/board/${task.key}`, `/p/${project}/list`, `/p/${project}/list?trash=1`,
    `/p/${project}/settings/general`, `/p/${project}/settings/statuses`, `/p/${project}/settings/labels`, `/p/${project}/settings/import`, `/p/${project}/settings/export`,
    '/search', '/search?q=everything', '/settings/profile', '/settings/sessions', '/settings/password', '/p/none/board',
  ]) {
    await inside.goto(path)
    await expect(inside.getByRole('heading').first()).toBeVisible()
    await inside.waitForLoadState('networkidle')
    await noViolations(inside, path)
  }
})

test('pages fit a phone: nothing is wider than the screen', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { team, project } = await teamOf(ann)
  await ann.post(`/api/projects/${project}/tasks`, { title: `An ${'endless'.repeat(30)} word`, description: `${'x'.repeat(300)}` })
  const page = await arrive('ann', '/', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
  for (const path of [`/t/${team}/members`, `/t/${team}/labels`, `/p/${project}/board`, `/p/${project}/board/WEB-1`, `/p/${project}/list`, `/p/${project}/settings/statuses`, `/p/${project}/settings/import`, '/search?q=word', '/settings/sessions', '/notifications', '/settings/notifications', '/admin/mails']) {
    await page.goto(path)
    await expect(page.getByRole('heading').first()).toBeVisible()
    expect(await page.evaluate(() => [document.documentElement.scrollWidth, document.querySelector('dialog[open]')?.scrollWidth ?? 0].every(width => width <= innerWidth)), path).toBe(true)
  }
})
