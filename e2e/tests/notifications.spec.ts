import { expect, type Locator, type Page } from '@playwright/test'
import { Client, type Named, type Task, teamOf } from '../client'
import { noViolations, test } from '../people'

const bell = (page: Page): Locator => page.getByRole('button', { name: /^Notifications/ })
const dialog = (page: Page): Locator => page.locator('dialog[open]').last()

/** Ann, and Bob who does things that concern her. */
async function two(url: string): Promise<{ ann: Client; bob: Client; team: string; project: string; task: Task }> {
  const ann = await Client.register(url, 'ann', 'Ann')
  const bob = await Client.register(url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const task = await bob.post<Task>(`/api/projects/${project}/tasks`, { title: 'Write the letter' })
  return { ann, bob, team, project, task }
}
const say = (who: Client, task: Task, body: string): Promise<Named> => who.post(`/api/tasks/${task.id}/comments`, { body })
/** So many comments that mention Ann. */
async function many(bob: Client, task: Task, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) await say(bob, task, `@ann number ${i}.`)
}
const unread = async (who: Client): Promise<number> => (await who.get<{ count: number }>('/api/notifications/unread')).count

test('the badge counts in every tab, and reading in one clears it in all', async ({ arrive, server }) => {
  const { bob, project, task } = await two(server.url)
  const one = await arrive('ann', `/p/${project}/board`)
  const other = await one.context().newPage()
  await other.goto('/search')
  await expect(bell(one)).toHaveAccessibleName('Notifications')
  await expect(bell(other)).toBeVisible()
  await many(bob, task, 2)
  for (const page of [one, other]) {
    await expect(bell(page)).toHaveAccessibleName('Notifications, 2 unread')
    await expect(page).toHaveTitle(/^\(2\) /)
  }
  await bell(one).click()
  const panel = one.getByRole('dialog', { name: 'Notifications' })
  await expect(panel.getByRole('link', { name: /Bob mentioned you/ }).first()).toBeFocused()
  await panel.getByRole('button', { name: 'Mark all read' }).click()
  for (const page of [one, other]) {
    await expect(bell(page)).toHaveAccessibleName('Notifications')
    await expect(page).not.toHaveTitle(/^\(/)
  }
  await one.keyboard.press('Escape')
  await expect(panel).toHaveCount(0)
  await expect(bell(one)).toBeFocused()
})

test('the number is in the page from the first byte on, and right after a time without a connection', async ({ arrive, server }) => {
  const { bob, project, task } = await two(server.url)
  await many(bob, task, 1)
  const page = await arrive('ann', `/p/${project}/board`)
  await expect(bell(page)).toHaveAccessibleName('Notifications, 1 unread')
  await server.down('SIGKILL')
  await server.up()
  await many(bob, task, 1)
  await expect(bell(page)).toHaveAccessibleName('Notifications, 2 unread', { timeout: 30_000 })
})

test('a click goes to the comment: it is in view, highlighted, has the focus, and counts as read', async ({ arrive, server }) => {
  const { ann, bob, project, task } = await two(server.url)
  for (let i = 0; i < 12; i++) await say(ann, task, `Comment ${i}, to fill the page.\n\nWith two paragraphs.`)
  await say(bob, task, '@ann this is the one.')
  for (let i = 0; i < 12; i++) await say(ann, task, `Comment ${i}, to fill the page.`)
  const page = await arrive('ann', `/p/${project}/board`)
  await bell(page).click()
  await page.getByRole('link', { name: /Bob mentioned you/ }).click()
  await expect(page).toHaveURL(/\/board\/WEB-1\?comment=/)
  const comment = dialog(page).getByRole('article').filter({ hasText: 'this is the one' })
  await expect(comment).toBeInViewport()
  await expect(comment).toHaveAttribute('data-revealed')
  await expect(comment).toBeFocused()
  await expect(page.getByRole('status').filter({ hasText: 'Comment by Bob' })).toHaveCount(1)
  expect(await page.locator('dialog[open]').evaluate(el => el.scrollTop)).toBe(0)
  await expect.poll(() => unread(ann)).toBe(0)
  await expect(comment).not.toHaveAttribute('data-revealed', { timeout: 10_000 })

  await dialog(page).getByRole('button', { name: 'Close' }).click()
  await expect(page).toHaveURL(/\/board$/)
  await bell(page).click()
  await page.getByRole('link', { name: /Bob mentioned you/ }).click()
  await expect(comment).toHaveAttribute('data-revealed')
})

test('on a phone the panel fills the screen', async ({ arrive, server }) => {
  const { bob, project, task } = await two(server.url)
  await many(bob, task, 1)
  const page = await arrive('ann', `/p/${project}/board`, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await bell(page).tap()
  const panel = page.getByRole('dialog', { name: 'Notifications' })
  await expect(panel).toBeVisible()
  expect((await panel.boundingBox())!.width).toBe(390)
  await noViolations(page, 'panel')
  await panel.getByRole('link', { name: /Bob mentioned you/ }).tap()
  await expect(dialog(page).getByRole('article').filter({ hasText: 'number 1' })).toHaveAttribute('data-revealed')
})

test('the page filters by type and by what is unread, in its address', async ({ arrive, server }) => {
  const { ann, bob, task } = await two(server.url)
  await many(bob, task, 2)
  await bob.patch(`/api/tasks/${task.id}`, { assigned_to: ann.id })
  const page = await arrive('ann', '/notifications')
  const rows = page.locator('[data-notification]')
  await expect(rows).toHaveCount(3)
  await page.getByRole('button', { name: 'Filter by Type' }).click()
  await page.getByRole('option', { name: 'Assignments' }).click()
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/type=task_assigned/)
  await expect(rows).toHaveCount(1)
  await page.reload()
  await expect(rows).toHaveCount(1)
  await page.getByRole('button', { name: 'Unread', exact: true }).click()
  await expect(page).toHaveURL(/show=unread/)
  await rows.first().focus()
  await page.keyboard.press('e')
  await expect(page.getByText('No unread assignments')).toBeVisible()
  await page.getByRole('button', { name: 'Show all' }).click()
  await expect(rows).toHaveCount(3)
  await expect.poll(() => unread(ann)).toBe(2)
  // What comes meanwhile is there at once.
  await say(bob, task, '@ann one more.')
  await expect(rows).toHaveCount(4)
  await expect(rows.first()).toContainText('one more')
})

test('it scrolls on, and what is chosen is read or deleted together', async ({ arrive, server }) => {
  test.setTimeout(90_000)
  const { ann, bob, task } = await two(server.url)
  await many(bob, task, 60)
  const page = await arrive('ann', '/notifications')
  const rows = page.locator('[data-notification]')
  await expect(rows.first()).toContainText('number 60')
  await rows.last().scrollIntoViewIfNeeded()
  await expect(rows).toHaveCount(60)

  const boxes = page.getByRole('checkbox', { name: /^Select: / })
  await boxes.nth(1).click()
  await boxes.nth(4).click({ modifiers: ['Shift'] })
  await expect(page.getByText('4 selected')).toBeVisible()
  await page.getByRole('button', { name: 'Mark read' }).click()
  await expect.poll(() => unread(ann)).toBe(56)

  await boxes.nth(0).click()
  await boxes.nth(2).click({ modifiers: ['Shift'] })
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(rows).toHaveCount(57)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(rows).toHaveCount(60)
  expect((await ann.get<{ items: unknown[] }>('/api/notifications?limit=200')).items).toHaveLength(60)

  await page.getByRole('checkbox', { name: 'Select all that are loaded' }).click()
  await expect(page.getByText('60 selected')).toBeVisible()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText('Nothing has happened yet')).toBeVisible()
  // Who leaves does not take it back.
  await page.goto('/search')
  await expect.poll(async () => (await ann.get<{ items: unknown[] }>('/api/notifications')).items.length).toBe(0)
  await expect(bell(page)).toHaveAccessibleName('Notifications')
})

test('preferences are saved at once, outlive a reload, and come back when they are refused', async ({ arrive, server }) => {
  const { ann } = await two(server.url)
  const page = await arrive('ann', '/settings/notifications')
  const off = page.getByRole('radio', { name: 'Mentions: no mail' })
  const inApp = page.getByRole('checkbox', { name: 'Comments: in the app' })
  await expect(page.getByRole('radio', { name: 'Mentions: mail at once' })).toBeChecked()
  await off.check()
  await inApp.uncheck()
  await page.getByRole('switch', { name: 'Quiet hours' }).check()
  await page.getByLabel('from').fill('21:30')
  await page.getByLabel('from').blur()
  await page.getByRole('switch', { name: /Status changes/ }).check()
  await expect(page.getByText('Saved', { exact: true })).toBeVisible()
  await page.reload()
  await expect(off).toBeChecked()
  await expect(inApp).not.toBeChecked()
  await expect(page.getByLabel('from')).toHaveValue('21:30')
  await expect(page.getByRole('switch', { name: /Status changes/ })).toBeChecked()
  expect(await ann.get('/api/me/notification-preferences')).toMatchObject({ types: { mention: { in_app: true, email: 'off' }, task_commented: { in_app: false } }, quiet_from: '21:30', quiet_to: '07:00', watched_status: true })

  await page.route('**/notification-preferences', (route, request) => (request.method() === 'PUT' ? route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, title: 'Forbidden', detail: 'Not now.' } }) : route.fallback()))
  await page.getByRole('switch', { name: 'Daily digest' }).click()
  await expect(page.getByText('Could not save that. Not now.')).toBeVisible()
  await expect(page.getByRole('switch', { name: 'Daily digest' })).toBeChecked()
  await page.getByRole('radio', { name: 'Assignments: no mail' }).click()
  await expect(page.getByRole('radio', { name: 'Assignments: mail at once' })).toBeChecked()
})

test('a muted task and a muted project are quiet, and are unmuted from the settings', async ({ arrive, server }) => {
  const { ann, bob, project, task } = await two(server.url)
  const page = await arrive('ann', `/p/${project}/board/WEB-1`)
  await dialog(page).getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: /Mute this task/ }).click()
  await expect(page.getByText('You hear nothing more of WEB-1')).toBeVisible()
  await many(bob, task, 1)
  expect(await unread(ann)).toBe(0)
  await dialog(page).getByRole('button', { name: 'Close', exact: true }).first().click()
  await page.getByRole('button', { name: 'Project', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Mute this project' }).click()
  await expect(page.getByRole('button', { name: 'Project, muted' })).toBeVisible()

  await page.goto('/settings/notifications')
  await expect(page.getByRole('listitem').filter({ hasText: 'Write the letter' })).toBeVisible()
  await page.getByRole('button', { name: 'Unmute Website' }).click()
  await page.getByRole('button', { name: 'Unmute Write the letter' }).click()
  await expect(page.getByText('Nothing is muted.')).toBeVisible()
  await many(bob, task, 1)
  await expect(bell(page)).toHaveAccessibleName('Notifications, 1 unread')
})

test('an invitation leads to its answer, also for who has a team', async ({ arrive, server }) => {
  const { bob } = await two(server.url)
  const other = await bob.post<Named>('/api/teams', { name: 'Orchard' })
  const page = await arrive('ann', '/notifications')
  await bob.post(`/api/teams/${other.id}/invites`, { username: 'ann', role: 'member' })
  await page.getByRole('link', { name: /Orchard/ }).click()
  await expect(page.getByRole('heading', { name: 'Invitations' })).toBeVisible()
  await page.getByRole('button', { name: 'Join' }).click()
  await expect(page).toHaveURL(new RegExp(`/t/${other.id}/`))
})

test('desktop notices are asked for by a click, and show while nobody looks', async ({ arrive, server }) => {
  const { bob, project, task } = await two(server.url)
  const page = await arrive('ann', '/settings/notifications')
  await page.context().grantPermissions(['notifications'])
  await page.addInitScript(() => {
    const made: { title: string; body?: string; click: () => void }[] = []
    class Notice {
      static permission = 'granted'
      static requestPermission = async () => 'granted'
      onclick: (() => void) | null = null
      constructor(title: string, options?: { body?: string }) { made.push({ title, body: options?.body, click: () => this.onclick?.() }) }
      close() { /* nothing to close */ }
    }
    Object.assign(window, { Notification: Notice, made })
  })
  await page.goto('/settings/notifications')
  const toggle = page.getByRole('switch', { name: 'Notices on this device' })
  await expect(toggle).not.toBeChecked()
  await toggle.click()
  await expect(toggle).toBeChecked()
  const titles = () => page.evaluate(() => (window as unknown as { made: { title: string }[] }).made.map(n => n.title))
  await page.goto(`/p/${project}/board`)
  await expect(bell(page)).toBeVisible()
  await many(bob, task, 1)
  await expect(bell(page)).toHaveAccessibleName('Notifications, 1 unread')
  expect(await titles()).toEqual([])
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await many(bob, task, 1)
  await expect.poll(titles).toEqual([expect.stringContaining('Bob mentioned you')])
  await page.evaluate(() => (window as unknown as { made: { click: () => void }[] }).made[0]!.click())
  await expect(page).toHaveURL(/WEB-1\?comment=/)
})

test('no page of the notifications has a finding of axe, in either theme', async ({ arrive, server }) => {
  test.setTimeout(120_000)
  const { bob, project, task } = await two(server.url)
  const page = await arrive('ann', '/notifications')
  await expect(page.getByText('Nothing has happened yet')).toBeVisible()
  await noViolations(page, 'empty')
  await many(bob, task, 3)
  await page.getByRole('checkbox', { name: /^Select: / }).first().check()
  await noViolations(page, 'page')
  await page.goto(`/p/${project}/board`)
  await bell(page).click()
  await expect(page.getByRole('dialog', { name: 'Notifications' }).getByRole('link', { name: /Bob/ }).first()).toBeVisible()
  await noViolations(page, 'panel')
  await page.goto('/settings/notifications')
  await expect(page.getByRole('switch').first()).toBeVisible()
  await noViolations(page, 'settings')
})
