import { expect } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { card, leisure, noViolations, test as base } from '../people'
import { Proxy } from '../proxy'
import { Server } from '../server'

/** Another site, which has the build's files from the program. */
const test = base.extend<{ cdn: { proxy: Proxy; url: string } }>({
  cdn: async ({}, use) => {
    const proxy = await Proxy.start()
    await use({ proxy, url: proxy.url.replace('127.0.0.1', 'localhost') })
    await proxy.close()
  },
  server: async ({ cdn }, use) => {
    const server = await Server.start({ TANDEM_ASSET_URL: cdn.url })
    cdn.proxy.to = server.url
    await use(server)
    await server.close()
  },
})

test('the app works with its files from another site, and asks for none of them at home', async ({ arrive, server, cdn }) => {
  const client = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(client)
  await client.post<Task>(`/api/projects/${project}/tasks`, { title: 'Far away', status: 'todo', description: 'about files' })
  const page = await arrive('ann', '/my')
  const files: string[] = []
  const refused: string[] = []
  page.on('request', it => { if (new URL(it.url()).pathname.startsWith('/assets/')) files.push(it.url()) })
  page.on('requestfailed', it => {
    // Leaving a page ends what it is still loading ahead: nobody refused that.
    const why = it.failure()?.errorText ?? ''
    if (it.url().includes('/assets/') && why !== 'net::ERR_ABORTED') refused.push(`${it.url()}: ${why}`)
  })
  // arrive() fails the test at any breach of the policy.
  await page.goto(`/p/${project}/board`)
  await expect(card(page, 'Far away')).toBeVisible()
  await leisure(page)
  // Chunks and styles that come later.
  await card(page, 'Far away').click()
  await expect(page.getByRole('dialog').getByText('about files')).toBeVisible()
  await page.goto('/search')
  await expect(page.getByRole('searchbox').or(page.getByRole('combobox')).first()).toBeVisible()
  await page.goto('/me/analytics')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await noViolations(page, 'with files from elsewhere')
  expect(files.some(it => it.endsWith('.js')) && files.some(it => it.endsWith('.css'))).toBe(true)
  expect(files.filter(it => !it.startsWith(`${cdn.url}/assets/`))).toEqual([])
  expect(refused).toEqual([])
})

test('the service worker keeps files of another site, too', async ({ arrive, server, cdn }) => {
  await Client.register(server.url, 'ann', 'Ann')
  const page = await arrive('ann', '/my', { serviceWorkers: 'allow' })
  await leisure(page)
  await page.waitForFunction(async () => (await navigator.serviceWorker.ready).active?.state === 'activated' && navigator.serviceWorker.controller !== null)
  await page.reload()
  await leisure(page)
  const kept = await page.evaluate(async () => {
    const found: string[] = []
    for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) found.push(request.url)
    return found
  })
  expect(kept.filter(it => it.startsWith(`${cdn.url}/assets/`)).length).toBeGreaterThan(3)
  expect(kept.filter(it => !it.startsWith(`${cdn.url}/assets/`) && !it.startsWith(`${server.url}/offline-shell/`))).toEqual([])
  await server.down('SIGTERM')
  cdn.proxy.to = ''
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.clearBrowserCache')
  await page.reload()
  await expect(page.getByText('This page opens by itself when the connection is back.')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'This page needs a connection' })).toBeVisible()
})
