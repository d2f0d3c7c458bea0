import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, expect, type Page } from '@playwright/test'
import { browser } from '../browser'
import { Client } from '../client'
import { test } from '../people'

interface Icon { src: string; sizes: string; type: string; purpose?: string }
interface Manifest { name: string; short_name: string; start_url: string; display: string; icons: Icon[]; shortcuts: { name: string; url: string; icons: Icon[] }[] }

test('the manifest names the app, and its icons are what it says', async ({ page, server }) => {
  await page.goto(`${server.url}/login`)
  const link = page.locator('link[rel=manifest]')
  await expect(link).toHaveAttribute('href', '/manifest.webmanifest')
  const answer = await page.request.get(`${server.url}/manifest.webmanifest`)
  expect(answer.headers()['content-type']).toBe('application/manifest+json')
  const manifest = await answer.json() as Manifest
  expect(manifest).toMatchObject({ name: 'Tandem', short_name: 'Tandem', start_url: '/', display: 'standalone' })
  expect(manifest.icons.some(icon => icon.purpose === 'maskable')).toBe(true)
  const apple = await page.locator('link[rel=apple-touch-icon]').getAttribute('href')
  for (const icon of [...manifest.icons, ...manifest.shortcuts.flatMap(it => it.icons), { src: apple!, sizes: '180x180', type: 'image/png' }]) {
    const file = await page.request.get(server.url + icon.src)
    expect(file.headers()['content-type']).toBe(icon.type)
    if (icon.sizes === 'any') continue
    const size = await page.evaluate(async src => {
      const image = new Image()
      image.src = src
      await image.decode()
      return `${image.naturalWidth}x${image.naturalHeight}`
    }, icon.src)
    expect(size).toBe(icon.sizes)
  }
  for (const { url } of manifest.shortcuts) expect((await page.request.get(server.url + url)).status()).toBe(200)
})

test('the browser offers to install the app', async ({ server }) => {
  // Not in a private window, which is what tests otherwise run in.
  const profile = await mkdtemp(join(tmpdir(), 'tandem-profile-'))
  const context = await chromium.launchPersistentContext(profile, { ...browser.launchOptions, serviceWorkers: 'allow' })
  const page = context.pages()[0]!
  await page.goto(`${server.url}/login`)
  const cdp = await context.newCDPSession(page)
  const manifest = await cdp.send('Page.getAppManifest')
  expect(manifest.errors).toEqual([])
  expect(manifest.url).toBe(`${server.url}/manifest.webmanifest`)
  await expect.poll(async () => (await cdp.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([])
  await context.close()
  await rm(profile, { recursive: true, force: true })
})

/** The colour of the window's frame. */
const frame = (page: Page): Promise<string[]> => page.evaluate(() => [...document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')].filter(it => !it.media || matchMedia(it.media).matches).map(it => it.content))

test('the frame has the colour of the look one chose', async ({ arrive, server }) => {
  const client = await Client.register(server.url, 'ann', 'Ann')
  const page = await arrive('ann', '/settings/profile', { colorScheme: 'light' })
  await expect.poll(() => frame(page)).toEqual(['#ffffff'])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await frame(page)).toEqual(['#19191c'])
  await client.patch('/api/me', { theme: 'light' })
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
  await expect.poll(() => frame(page)).toEqual(['#ffffff'])
})
