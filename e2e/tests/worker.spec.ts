import { type BrowserContext, expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { card, leisure, moveTo, noViolations, test } from '../people'
import { Proxy } from '../proxy'
import { Server } from '../server'

test.use({ serviceWorkers: 'allow' })

async function project(url: string): Promise<{ client: Client; board: string }> {
  const client = await Client.register(url, 'ann', 'Ann')
  const { project } = await teamOf(client)
  await client.post<Task>(`/api/projects/${project}/tasks`, { title: 'Secret plan', status: 'todo' })
  return { client, board: `/p/${project}/board` }
}
/** The worker is there, has all it needs, and looks after this page. */
async function working(page: Page): Promise<void> {
  await page.waitForFunction(async () => (await navigator.serviceWorker.ready).active?.state === 'activated' && navigator.serviceWorker.controller !== null)
}
/** Everything in the browser's caches, as text, by address. */
const cached = (page: Page): Promise<Record<string, string>> => page.evaluate(async () => {
  const found: Record<string, string> = {}
  for (const name of await caches.keys()) {
    const cache = await caches.open(name)
    for (const request of await cache.keys()) found[`${name} ${new URL(request.url).pathname}`] = await (await cache.match(request))!.text()
  }
  return found
})
const offline = (page: Page) => page.getByText('This page opens by itself when the connection is back.')

test('a page asked for without a server says so, keeps what was not sent, and opens by itself', async ({ arrive, server }) => {
  const { client, board } = await project(server.url)
  const page = await arrive('ann', board, { serviceWorkers: 'allow' })
  await leisure(page)
  await working(page)
  await server.down('SIGTERM')
  await card(page, 'Secret plan').locator('[data-card]').focus()
  await moveTo(page, 'Done')
  await page.reload()
  await expect(offline(page)).toBeVisible()
  await expect(page).toHaveURL(server.url + board)
  await expect(page.getByRole('heading', { name: 'One change is not sent yet' })).toBeVisible()
  await expect(page.getByRole('listitem')).toHaveCount(1)
  await noViolations(page, 'offline page')
  await page.setViewportSize({ width: 320, height: 640 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)

  // A tab that is opened now is no different.
  const second = await page.context().newPage()
  await second.goto(`${server.url}/settings/profile`)
  await expect(offline(second)).toBeVisible()
  await second.close()

  await server.up()
  await expect(card(page, 'Secret plan')).toBeVisible({ timeout: 40_000 })
  await expect.poll(async () => (await client.get<{ items: Task[] }>(`/api/tasks?project_id=${board.split('/')[2]}`)).items[0]!.status).toBe('done')
})

test('files of the build come from the cache; pages and data never do', async ({ arrive, server }) => {
  const { board } = await project(server.url)
  const page = await arrive('ann', board, { serviceWorkers: 'allow' })
  await working(page)
  await page.reload()
  await expect(card(page, 'Secret plan')).toBeVisible()
  // Fetched while the worker looked on, they are here for good: also for a browser whose own cache is gone.
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.clearBrowserCache')
  const answers: { url: string; worker: boolean }[] = []
  page.on('response', answer => answers.push({ url: new URL(answer.url()).pathname, worker: answer.fromServiceWorker() }))
  await page.reload()
  await expect(card(page, 'Secret plan')).toBeVisible()
  const files = answers.filter(it => it.url.startsWith('/assets/'))
  expect(files.length).toBeGreaterThan(3)
  expect(files.filter(it => !it.worker)).toEqual([])
  expect(answers.filter(it => it.url.startsWith('/api/') && it.worker)).toEqual([])

  const kept = await cached(page)
  expect(Object.keys(kept).filter(key => !/^tandem-[0-9a-f]{16} \/(assets\/[^/]+|offline-shell\/[0-9a-f]{16})$/.test(key))).toEqual([])
  expect(Object.keys(kept).some(key => key.includes('/offline-shell/'))).toBe(true)
})

test('logging out leaves nothing of a person behind', async ({ arrive, server }) => {
  const { board } = await project(server.url)
  const page = await arrive('ann', board, { serviceWorkers: 'allow' })
  await leisure(page)
  await working(page)
  await page.reload()
  await expect(card(page, 'Secret plan')).toBeVisible()
  await page.getByRole('button', { name: /Ann/ }).first().click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await expect(page).toHaveURL(/login/)
  const kept = Object.values(await cached(page)).join('\n')
  expect(kept).toContain('Tandem')
  expect(kept).not.toMatch(/Secret plan|access_token":|ann@/)
  await server.down('SIGTERM')
  await page.goto(`${server.url}${board}`)
  await expect(offline(page)).toBeVisible()
  await expect(page.getByText('Tandem tries again by itself.')).toBeVisible()
  expect(await page.content()).not.toContain('Secret plan')
})

test.describe('behind a proxy', () => {
  let proxy: Proxy
  let program: Server
  test.beforeEach(async () => {
    proxy = await Proxy.start()
    program = await Server.start({ TANDEM_BASE_URL: proxy.url })
    proxy.to = program.url
  })
  test.afterEach(async () => {
    await proxy.close()
    await program.close()
  })
  async function arriveAt(context: BrowserContext): Promise<Page> {
    const { board } = await project(program.url)
    const page = await context.newPage()
    await page.goto(`${proxy.url}/login`)
    await page.getByLabel(/username|email/i).first().fill('ann')
    await page.getByRole('textbox', { name: 'Password' }).fill(Client.password)
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page).not.toHaveURL(/login/)
    await page.goto(proxy.url + board)
    await expect(card(page, 'Secret plan')).toBeVisible()
    await working(page)
    return page
  }

  test('the first page after a deploy is the new build, also when the server goes away afterwards', async ({ context }) => {
    const page = await arriveAt(context)
    const names = (): Promise<string[]> => page.evaluate(() => caches.keys())
    const [old] = await names()
    expect(old).toBeTruthy()
    proxy.next = true
    await page.reload()
    await expect(card(page, 'Secret plan')).toBeVisible()
    expect(await page.evaluate(() => 'secondBuild' in globalThis)).toBe(true)
    // The build before stays for pages that are still open; older ones go.
    const later = (mark: string): string => `${old!.slice(0, -1)}${mark}`
    await expect.poll(names).toEqual([old, later('x')])
    expect(Object.keys(await cached(page)).some(key => key.includes('/assets/index-second'))).toBe(true)
    // And offline it is the new build as well.
    proxy.to = ''
    await page.reload()
    await expect(offline(page)).toBeVisible()
    expect(await page.evaluate(() => 'secondBuild' in globalThis)).toBe(true)
    proxy.to = program.url
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(card(page, 'Secret plan')).toBeVisible()
  })

  test('a server that does not answer is no reason to wait for long', async ({ context }) => {
    const page = await arriveAt(context)
    proxy.silent = true
    await page.reload()
    await expect(offline(page)).toBeVisible()
    proxy.silent = false
    await expect(card(page, 'Secret plan')).toBeVisible({ timeout: 30_000 })
  })

  test('a worker that is turned off goes, and takes its caches along', async ({ context }) => {
    const page = await arriveAt(context)
    await program.close()
    program = await Server.start({ TANDEM_BASE_URL: proxy.url, TANDEM_SERVICE_WORKER: 'off' })
    proxy.to = program.url
    await page.goto(`${proxy.url}/login`)
    await expect.poll(() => page.evaluate(async () => [(await navigator.serviceWorker.getRegistrations()).length, (await caches.keys()).length])).toEqual([0, 0])
  })
})
