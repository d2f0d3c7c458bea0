import { expect } from '@playwright/test'
import { Client, teamOf } from '../client'
import { test } from '../people'

test('administrators see the background jobs, and nobody else does', async ({ server, arrive, browser }) => {
  const owner = await Client.register(server.url, 'ann', 'Ann Admin') // the first one is the administrator
  await teamOf(owner)
  await Client.register(server.url, 'bob', 'Bob Builder')

  const ann = await arrive('ann', '/')
  await ann.getByRole('button', { name: /settings and log out/ }).click()
  await ann.getByRole('menuitem', { name: 'Background jobs' }).click()
  await expect(ann).toHaveURL(/\/admin\/jobs\//)
  await ann.getByRole('link', { name: /Completed/ }).click()
  await expect(ann.getByText('periodic').first()).toBeVisible() // the clean-up that runs after a start
  await ann.getByRole('link', { name: 'Queues' }).click()
  await expect(ann.getByRole('link', { name: 'maintenance' })).toBeVisible()

  const bob = await arrive('bob', '/')
  await expect(bob.getByText('Background jobs')).toHaveCount(0)
  const refused = await bob.goto('/admin/jobs/')
  expect(refused?.status()).toBe(403)
  expect((await bob.request.get('/admin/jobs/api/jobs?state=available')).status()).toBe(403)

  const stranger = await browser.newPage({ baseURL: server.url })
  await stranger.goto('/admin/jobs/')
  await expect(stranger).toHaveURL(/\/login\?next=/)
  await stranger.getByLabel(/username|email/i).first().fill('ann')
  await stranger.getByRole('textbox', { name: 'Password' }).fill(Client.password)
  await stranger.getByRole('button', { name: 'Log in' }).click()
  await expect(stranger).toHaveURL(/\/admin\/jobs\//)
  await stranger.close()
})
