import { expect, type Page } from '@playwright/test'
import { Client } from '../client'
import { noViolations, test } from '../people'

// What these pages show and send; the answers are made up, so that each state can be had at will.
const answer = (page: Page, path: string, json: unknown, status = 200): Promise<unknown> => page.route(url => url.pathname === `/api${path}`, route => route.fulfill({ status, json }))
const HTML = '<html><head><style>.card{color:#222222}@media (prefers-color-scheme: dark){.card{color:#eeeeee}}</style></head><body style="margin:0"><p class="card" style="font-weight:700">Bob wrote style="x"</p><img src="x" onerror="top.hacked=1"><script>top.hacked=1</script></body></html>'
const mail = (id: string, over: object = {}) => ({ id, kind: 'mention', address: 'ann@example.org', subject: `Mail ${id}`, state: 'sent', error: '', attempts: 1, created_at: '2026-01-01T00:00:00Z', sent_at: '2026-01-01T00:00:01Z', ...over })

test('the mail log filters by its address, and shows a mail as it looks, without running it', async ({ arrive, server }) => {
  await Client.register(server.url, 'ann', 'Ann')
  const page = await arrive('ann', '/notifications')
  await page.route(url => url.pathname === '/api/admin/mails', (route, request) => {
    const failed = new URL(request.url()).searchParams.get('state') === 'failed'
    return route.fulfill({ json: { items: failed ? [mail('2', { state: 'failed', error: '550 no such user' })] : [mail('1'), mail('2', { state: 'failed', error: '550 no such user' })], next_cursor: null } })
  })
  await answer(page, '/admin/mails/1', { ...mail('1'), html: HTML, text: 'Bob wrote' })
  await page.getByRole('button', { name: 'Ann: settings and log out' }).click()
  await page.getByRole('menuitem', { name: 'Mails' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: 'Mail' })).toHaveCount(2)
  await noViolations(page, 'mails')
  await page.getByRole('button', { name: 'Failed' }).click()
  await expect(page).toHaveURL(/state=failed/)
  await expect(page.getByText('550 no such user')).toBeVisible()
  await page.getByRole('button', { name: 'All' }).click()
  await page.getByRole('button', { name: 'Mail 1' }).click()
  const text = page.frameLocator('iframe').getByText('Bob wrote style="x"')
  await expect(text).toHaveCSS('font-weight', '700')
  await expect(text).toHaveCSS('color', 'rgb(34, 34, 34)')
  await page.getByRole('button', { name: 'Dark' }).click()
  await expect(text).toHaveCSS('color', 'rgb(238, 238, 238)')
  expect(await page.evaluate(() => (window as unknown as { hacked?: number }).hacked)).toBeUndefined()
  await page.getByRole('button', { name: 'Text' }).click()
  await expect(page.getByText('Bob wrote', { exact: true })).toBeVisible()
})

test('who is no admin sees no mails', async ({ arrive, server }) => {
  await Client.register(server.url, 'ann', 'Ann')
  await Client.register(server.url, 'bob', 'Bob')
  const page = await arrive('bob', '/')
  await page.goto('/admin/mails')
  await expect(page.getByText('This is for admins')).toBeVisible()
})

test('the link in a mail changes nothing until something is chosen', async ({ page, server }) => {
  const sent: unknown[] = []
  await page.route(url => url.pathname === '/api/unsubscribe/abc', (route, request) => {
    if (request.method() === 'POST') sent.push(request.postDataJSON())
    return request.method() === 'POST' ? route.fulfill({ status: 204 }) : route.fulfill({ json: { type: 'mention', types: ['mention'], email: 'a…@example.org', setting: 'at_once' } })
  })
  await page.goto(`${server.url}/unsubscribe/abc`)
  await expect(page.getByText('Mentions, to a…@example.org: now at once.')).toBeVisible()
  await noViolations(page, 'unsubscribe')
  expect(sent).toEqual([])
  await page.getByRole('radio', { name: /In the daily digest/ }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('in the daily digest')).toBeVisible()
  expect(sent).toEqual([{ setting: 'digest' }])
  await answer(page, '/unsubscribe/old', { status: 404, title: 'Not found' }, 404)
  await page.goto(`${server.url}/unsubscribe/old`)
  await expect(page.getByRole('heading', { name: 'This link does not hold' })).toBeVisible()
})

test('an address is confirmed by the link, or the page says why not', async ({ page, server }) => {
  await page.route(url => url.pathname === '/api/auth/email/verify', (route, request) => (request.postDataJSON().token === 'good' ? route.fulfill({ status: 204 }) : route.fulfill({ status: 404, json: { status: 404, title: 'Not found' } })))
  await page.goto(`${server.url}/verify?token=good`)
  await expect(page.getByRole('heading', { name: 'Your address is confirmed' })).toBeVisible()
  await noViolations(page, 'verify')
  await page.goto(`${server.url}/verify?token=bad`)
  await expect(page.getByRole('heading', { name: 'This link does not hold' })).toBeVisible()
})
