import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, expect, type Page, test } from '@playwright/test'
import { browser as settings } from '../browser'
import { Client, type Task, teamOf } from '../client'
import { Server } from '../server'

// How quickly the pages come, over a phone network as bench/link models it (300 ms, 1.6 Mbit/s, TCP and TLS handshakes, slow
// start), and what Lighthouse says of them on a phone. RUNS and LIGHTHOUSE say how often each is measured; ROUTES=board,task
// takes these alone, and WHY=1 says what Lighthouse found.
const RUNS = Number(process.env.RUNS ?? 5)
const LIGHTHOUSE = Number(process.env.LIGHTHOUSE ?? 3)
const TASKS = 1200
/** bench/package.json brings it, which only `make bench-web` installs. */
const LIGHTHOUSE_AT: string = './node_modules/lighthouse/core/index.js'
const root = join(import.meta.dirname, '..', '..')

interface Route { name: string; path: string; /** Can be worked with once this is there. */ usable: string; anonymous?: boolean }
interface Report { categories: Record<string, { score: number }>; audits: Record<string, { numericValue?: number; score: number | null; title: string }> }
interface Load { usable: number; paint: number; kb: number; requests: number; shift: number }
declare global { interface Window { firstLoad: { usable: number; shift: number } } }

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
const seconds = (values: number[]): string => `${(median(values) / 1000).toFixed(2)} s (${(Math.min(...values) / 1000).toFixed(2)}–${(Math.max(...values) / 1000).toFixed(2)})`

/** Notes when the first of `selector` has been painted, and how far things were shifted. */
async function watch(context: BrowserContext, selector: string): Promise<void> {
  await context.addInitScript(selector => {
    window.firstLoad = { usable: 0, shift: 0 }
    new PerformanceObserver(list => { for (const e of list.getEntries() as (PerformanceEntry & { hadRecentInput: boolean; value: number })[]) if (!e.hadRecentInput) window.firstLoad.shift += e.value }).observe({ type: 'layout-shift', buffered: true })
    const look = (): void => {
      if (window.firstLoad.usable || !document.querySelector(selector)) return
      window.firstLoad.usable = -1
      requestAnimationFrame(() => setTimeout(() => { window.firstLoad.usable = performance.now() }))
    }
    new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true })
  }, selector)
}
async function load(context: BrowserContext, url: string): Promise<Load> {
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await cdp.send('Network.enable')
  let bytes = 0
  let requests = 0
  cdp.on('Network.loadingFinished', e => { bytes += e.encodedDataLength; requests++ })
  await page.goto(url, { waitUntil: 'commit' })
  await page.waitForFunction(() => window.firstLoad.usable > 0, null, { polling: 20, timeout: 60_000 })
  const [kb, count] = [bytes / 1024, requests]
  await page.waitForTimeout(1500) // what comes late must not push anything
  const seen = await page.evaluate(() => ({ ...window.firstLoad, paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0 }))
  await page.close()
  return { ...seen, kb, requests: count }
}
async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/login`)
  await page.getByLabel(/username|email/i).first().fill('ann')
  await page.getByRole('textbox', { name: 'Password' }).fill(Client.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page).not.toHaveURL(/login/, { timeout: 30_000 })
}

test('first loads', async () => {
  test.setTimeout(1_800_000)
  const [slowPort, fastPort] = [await freePort(), await freePort()]
  const [slow, fast] = [`https://127.0.0.1:${slowPort}`, `https://127.0.0.1:${fastPort}`]
  const server = await Server.start({ TANDEM_BASE_URL: slow })
  const link: ChildProcess = spawn(join(root, 'bin', 'link'), ['-to', server.url, '-slow', `127.0.0.1:${slowPort}`, '-fast', `127.0.0.1:${fastPort}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [key] = await once(link.stdout!, 'data') as [Buffer]
  const args = [...settings.launchOptions!.args!, `--ignore-certificate-errors-spki-list=${key.toString().trim()}`]
  const browser = await chromium.launch({ ...settings.launchOptions, args })
  try {
    const ann = await Client.register(server.url, 'ann', 'Ann')
    const bob = await Client.register(server.url, 'bob', 'Bob')
    const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
    const csv = `title,status,priority\n${Array.from({ length: TASKS }, (_, i) => `A task of ordinary length ${i + 1},${['todo', 'in_progress', 'in_review', 'done'][i % 4]},${['none', 'high', 'low'][i % 3]}`).join('\n')}\n`
    const job = await ann.upload<{ id: string }>(`/api/projects/${project}/import?format=csv`, csv)
    await expect.poll(async () => (await ann.get<{ state: string }>(`/api/imports/${job.id}`)).state, { timeout: 60_000 }).toBe('done')
    const { items } = await ann.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&limit=20`)
    for (const task of items) await bob.post(`/api/tasks/${task.id}/comments`, { body: '@ann could you look at this?' })
    const all: Route[] = [
      { name: 'login', path: '/login', usable: 'form button[type=submit]', anonymous: true },
      { name: 'board', path: `/p/${project}/board`, usable: '[data-card]' },
      { name: 'task', path: `/p/${project}/board/${items[0]!.key}`, usable: 'dialog[open] textarea, dialog[open] input' },
      { name: 'notifications', path: '/notifications', usable: '#main li[data-id]' },
      { name: 'analytics', path: `/p/${project}/analytics`, usable: '#main svg circle' },
    ]
    const routes = all.filter(r => !process.env.ROUTES || process.env.ROUTES.split(',').includes(r.name))

    console.log(`\n| ${TASKS.toLocaleString('en')} tasks, phone network | cold: usable | first paint | brotli | requests | layout shift | warm: usable |\n|---|---|---|---|---|---|---|`)
    for (const { name, path, usable, anonymous } of routes) {
      const cold: Load[] = []
      const warm: Load[] = []
      for (let run = 0; run < RUNS; run++) {
        const context = await browser.newContext({ viewport: { width: 1350, height: 940 } })
        if (!anonymous) {
          const page = await context.newPage()
          await logIn(page, fast)
          // Cookies are of the host, whatever its port; what was loaded is of the origin, so that it comes anew.
          await page.close()
        }
        await watch(context, usable)
        cold.push(await load(context, slow + path))
        warm.push(await load(context, slow + path))
        await context.close()
      }
      const of = (list: Load[], key: keyof Load): number[] => list.map(l => l[key])
      console.log(`| ${name} | ${seconds(of(cold, 'usable'))} | ${(median(of(cold, 'paint')) / 1000).toFixed(2)} s | ${median(of(cold, 'kb')).toFixed(1)} KB | ${median(of(cold, 'requests'))} | ${Math.max(...of(cold, 'shift')).toFixed(3)} | ${seconds(of(warm, 'usable'))} |`)
    }

    if (!LIGHTHOUSE) return
    const { default: lighthouse } = await import(LIGHTHOUSE_AT) as { default: (url: string, flags: object) => Promise<{ lhr: Report }> }
    const home = await mkdtemp(join(tmpdir(), 'tandem-lighthouse-'))
    const port = await freePort()
    const phone = await chromium.launchPersistentContext(home, { ...settings.launchOptions, args: [...args, `--remote-debugging-port=${port}`] })
    try {
      console.log('\n| Lighthouse 12.8, mobile | performance | accessibility | best practices | first paint | largest paint | blocked | layout shift |\n|---|---|---|---|---|---|---|---|')
      const page = await phone.newPage()
      const cdp = await phone.newCDPSession(page)
      for (const { name, path, anonymous } of routes) {
        if (!anonymous) await logIn(page, fast).catch(() => undefined)
        await page.goto('about:blank')
        const results: Report[] = []
        for (let run = 0; run < LIGHTHOUSE; run++) {
          await cdp.send('Network.clearBrowserCache')
          results.push((await lighthouse(fast + path, { port, output: 'json', logLevel: 'error', onlyCategories: ['performance', 'accessibility', 'best-practices'], disableStorageReset: true })).lhr)
        }
        const score = (category: string): string => String(Math.round(100 * median(results.map(r => r.categories[category]!.score))))
        const value = (audit: string): number => median(results.map(r => r.audits[audit]?.numericValue ?? NaN))
        console.log(`| ${name} | ${score('performance')} | ${score('accessibility')} | ${score('best-practices')} | ${(value('first-contentful-paint') / 1000).toFixed(2)} s | ${(value('largest-contentful-paint') / 1000).toFixed(2)} s | ${value('total-blocking-time').toFixed(0)} ms | ${value('cumulative-layout-shift').toFixed(3)} |`)
        if (process.env.WHY) for (const [id, audit] of Object.entries(results[0]!.audits)) if (audit.score !== null && audit.score < 0.9) console.log(`    ${id}: ${audit.score} ${audit.title}`)
      }
    } finally {
      await phone.close()
      await rm(home, { recursive: true, force: true })
    }
  } finally {
    await browser.close()
    link.kill()
    await server.close()
  }
})
