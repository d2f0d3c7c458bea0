import { expect } from '@playwright/test'
import { Client, teamOf } from '../client'
import { column, test } from '../people'

test('somebody is invited by a link, joins, gets another role and is removed', async ({ arrive, server, browser }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { team } = await teamOf(ann)
  const page = await arrive('ann', `/t/${team}/members`)
  await page.getByLabel(/email or username/i).fill('carol@example.org')
  await page.getByRole('button', { name: 'Invite', exact: true }).click()
  const link = await page.getByRole('textbox', { name: /link/i }).inputValue()
  expect(link).toContain('/invite/')

  const context = await browser.newContext()
  const carol = await context.newPage()
  await carol.goto(link.replace(/^https?:\/\/[^/]+/, server.url))
  await carol.getByRole('link', { name: 'Sign up to join' }).click()
  await carol.getByLabel('Name', { exact: true }).fill('Carol')
  await carol.getByLabel('Username').fill('carol')
  await expect(carol.getByLabel('Email')).toHaveValue('carol@example.org')
  await carol.getByRole('textbox', { name: 'Password' }).fill(Client.password)
  await carol.getByRole('button', { name: /sign up|create/i }).click()
  await carol.getByRole('button', { name: 'Join as Carol' }).click()
  await expect(column(carol, 'To do')).toBeVisible()
  await expect(carol.getByRole('button', { name: 'New task', exact: true })).toBeVisible()

  const row = page.getByRole('listitem').filter({ hasText: '@carol' })
  await expect(row).toBeVisible()
  await row.getByRole('button', { name: /role/i }).click()
  await page.getByRole('menuitemradio', { name: /^Viewer/ }).click()
  await expect(carol.getByRole('button', { name: 'New task', exact: true })).toHaveCount(0)

  await row.getByRole('button', { name: 'More about Carol' }).click()
  await page.getByRole('menuitem', { name: /remove/i }).click()
  await page.getByRole('dialog').getByRole('button', { name: /remove/i }).click()
  await expect(row).toHaveCount(0)
  await expect(carol.getByText('There is no such project')).toBeVisible({ timeout: 15_000 })
  await context.close()
})

test('statuses are added, renamed, moved and deleted, and every board follows', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  await ann.post(`/api/projects/${project}/tasks`, { title: 'Moves along', status: 'in_review' })
  const [page, board] = await Promise.all([arrive('ann', `/p/${project}/settings/statuses`), arrive('bob', `/p/${project}/board`)])
  await page.getByRole('button', { name: 'New status' }).click()
  await page.getByLabel('Name').fill('Blocked')
  await page.getByRole('button', { name: 'Add status' }).click()
  await expect(column(board, 'Blocked')).toBeVisible()

  await page.getByRole('button', { name: /delete In review/i }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox').selectOption({ label: 'Done' })
  await dialog.getByRole('button', { name: /delete/i }).click()
  await expect(column(board, 'In review')).toHaveCount(0)
  await expect(column(board, 'Done').getByText('Moves along')).toBeVisible()
})

test('the links of all invitations stay until one leaves, each with its person', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { team } = await teamOf(ann)
  const page = await arrive('ann', `/t/${team}/members`)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const link = (who: string) => page.getByRole('textbox', { name: `Link of the invitation for ${who}` })
  for (const who of ['carol@example.org', 'dan@example.org']) {
    await page.getByLabel(/email or username/i).fill(who)
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    await expect(link(who)).toHaveValue(/\/invite\//)
  }
  await expect(link('carol@example.org')).toBeVisible()
  const carols = await link('carol@example.org').inputValue()
  expect(carols).not.toBe(await link('dan@example.org').inputValue())
  await page.getByRole('button', { name: 'Copy: link for carol@example.org' }).click()
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(carols)

  // One that is revoked takes its link along, and only that.
  await page.getByRole('button', { name: 'Revoke the invitation of dan@example.org' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await expect(link('dan@example.org')).toHaveCount(0)
  await expect(link('carol@example.org')).toHaveValue(carols)
})

test('what the server refuses is a sentence that names the field or the person', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  await Client.register(server.url, 'bob', 'Bob')
  const { team } = await teamOf(ann)
  const page = await arrive('ann', '/settings/profile')
  await page.getByLabel('Email').fill('bob@example.org')
  await page.getByRole('textbox', { name: 'Current password' }).fill(Client.password)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Email is taken.', { exact: true })).toBeVisible()

  await page.goto(`/t/${team}/members`)
  await page.getByLabel(/email or username/i).fill('ann')
  await page.getByRole('button', { name: 'Invite', exact: true }).click()
  await expect(page.getByText('“ann” is a member of this team already.', { exact: true })).toBeVisible()
})
