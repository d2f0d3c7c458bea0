import { expect } from '@playwright/test'
import { Client, type Named, type Task, teamOf } from '../client'
import { focusFirst, noViolations, rows, test } from '../people'

/** The end of a day, as a picked date means it. */
const days = (n: number): string => { const d = new Date(); d.setDate(d.getDate() + n); d.setHours(23, 59, 0, 0); return d.toISOString() }

test('my tasks of all teams stand by when they are due, stay live, and go when they are done', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const second = await bob.post<Named>('/api/teams', { name: 'Harbour' })
  const invite = await bob.post<{ token: string }>(`/api/teams/${second.id}/invites`, { username: 'ann', role: 'member' })
  await ann.post(`/api/invites/${invite.token}/accept`, {})
  const boats = await bob.post<Named>(`/api/teams/${second.id}/projects`, { name: 'Boats', key: 'BOA' })
  const make = (where: string, input: object) => bob.post<Task>(`/api/projects/${where}/tasks`, input)
  await make(project, { title: 'Somebody else’s', assigned_to: bob.id })

  const page = await arrive('ann', '/my')
  await expect(page.getByText('Nothing waits for you')).toBeVisible()

  // They come by themselves, also of a team whose pages are not open.
  const boat = await make(boats.id, { title: 'Tar the boat', due_at: days(-1) })
  await bob.patch(`/api/tasks/${boat.id}`, { assigned_to: ann.id })
  await make(project, { title: 'Write the letter', assigned_to: ann.id, due_at: days(0) })
  await make(project, { title: 'Some day', assigned_to: ann.id })
  await make(project, { title: 'Much later', assigned_to: ann.id, due_at: days(30) })
  await expect.poll(() => rows(page)).toEqual(['Tar the boat', 'Write the letter', 'Much later', 'Some day'])
  const group = (name: string) => page.getByRole('region', { name, exact: true })
  await expect(group('Overdue').locator('[data-row]')).toHaveText('Tar the boat')
  await expect(group('Today').locator('[data-row]')).toHaveText('Write the letter')
  await expect(group('No date').locator('[data-row]')).toHaveText('Some day')
  await bob.patch(`/api/tasks/${boat.id}`, { due_at: days(60) })
  await expect(group('Later').locator('[data-row]')).toHaveText(['Much later', 'Tar the boat'])
  await page.reload()
  await expect.poll(() => rows(page)).toEqual(['Write the letter', 'Much later', 'Tar the boat', 'Some day'])

  await noViolations(page, 'my tasks')

  // Done, and not.
  await page.getByRole('button', { name: `Complete ${boat.key}` }).click()
  await expect.poll(() => rows(page)).toEqual(['Write the letter', 'Much later', 'Some day'])
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => rows(page)).toEqual(['Write the letter', 'Much later', 'Tar the boat', 'Some day'])

  // What is taken from me goes.
  await bob.patch(`/api/tasks/${boat.id}`, { assigned_to: bob.id })
  await expect.poll(() => rows(page)).toEqual(['Write the letter', 'Much later', 'Some day'])

  await page.getByRole('searchbox', { name: 'Find in your tasks' }).fill('due:none ')
  await expect.poll(() => rows(page)).toEqual(['Some day'])
  await expect(page).toHaveURL(/\/my\?due=none/)
  await focusFirst(page)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Title' })).toHaveValue('Some day')
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/\/my\?due=none/)
  await expect(page.locator('[data-row]').first()).toBeFocused()
})

test('who has no tasks is told where they will be', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  await teamOf(ann)
  const page = await arrive('ann', '/my')
  await expect(page.getByText('Nothing waits for you')).toBeVisible()
  await noViolations(page, 'no tasks of mine')
})

test('my tasks fit on a phone, with targets for fingers', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'A title that is not very short, and not very long', assigned_to: ann.id })
  const page = await arrive('ann', '/', { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true })
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'My tasks' }).click()
  const button = page.getByRole('button', { name: `Complete ${task.key}` })
  const box = (await button.boundingBox())!
  expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44)
  expect((await page.locator('[data-row]').boundingBox())!.width).toBeGreaterThan(150)
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  await noViolations(page, 'my tasks on a phone')
})
