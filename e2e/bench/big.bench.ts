import { type CDPSession, expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { column, leisure, test } from '../people'

// A project of ten thousand tasks in the browser: does it scroll, drag and follow as a small one does?
const TASKS = 10_000
const FRAMES = 300
const EVENTS = 60
declare global { interface Window { paced: number[] } }

const ms = (values: number[], p: number): string => { const sorted = [...values].sort((a, b) => a - b); return (sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p) - 1)] ?? 0).toFixed(1) }
function row(what: string, said: string): void {
  console.log(`| ${what} | ${said} |`)
}
const told = (frames: number[]): string => `median ${ms(frames, 0.5)} ms, p95 ${ms(frames, 0.95)} ms, longest ${ms(frames, 1)} ms`

/** How long each frame takes while `work` goes on. */
async function frames(page: Page, work: () => Promise<unknown>): Promise<number[]> {
  await page.evaluate(() => {
    window.paced = []
    let last = performance.now()
    const tick = (now: number): void => {
      window.paced.push(now - last)
      last = now
      if (window.paced.length < 100_000) requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  })
  await work()
  return page.evaluate(() => { const all = window.paced.slice(2); window.paced = Array(100_000).fill(0); return all })
}
const scroll = (page: Page, selector: string, far: number): Promise<void> => page.evaluate(([selector, far, count]) => new Promise<void>(done => {
  const el = document.querySelector(selector as string)!
  let n = 0
  const step = (): void => {
    el.scrollTop += far as number
    if (++n < (count as number)) requestAnimationFrame(step)
    else done()
  }
  requestAnimationFrame(step)
}), [selector, far, FRAMES] as const)
async function throttled<T>(cdp: CDPSession, rate: number, work: () => Promise<T>): Promise<T> {
  await cdp.send('Emulation.setCPUThrottlingRate', { rate })
  const result = await work()
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  return result
}
/** Milliseconds of script, style and layout so far. */
async function busy(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics')
  return 1000 * metrics.filter(m => ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'].includes(m.name)).reduce((sum, m) => sum + m.value, 0)
}
async function heap(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  return metrics.find(m => m.name === 'JSHeapUsedSize')!.value / 1024 / 1024
}

test('a project of ten thousand tasks', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const rows = Array.from({ length: TASKS }, (_, i) => `Row ${i} of a board that has many of them,${['todo', 'in_progress', 'in_review', 'done'][i % 4]}`)
  const job = await ann.upload<{ id: string }>(`/api/projects/${project}/import?format=csv`, `title,status\n${rows.join('\n')}\n`)
  await expect.poll(async () => (await ann.get<{ state: string }>(`/api/imports/${job.id}`)).state, { timeout: 60_000 }).toBe('done')

  console.log(`\n| a project of ${TASKS.toLocaleString('en')} tasks in the browser | |\n|---|---|`)
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  const first = await heap(cdp)
  const body = '[data-column=todo] [data-scroller]'
  row('board, scrolling: frames', told(await frames(page, () => scroll(page, body, 40))))
  row('board, scrolling at 4× CPU throttling: frames', told(await throttled(cdp, 4, () => frames(page, () => scroll(page, body, 40)))))

  await page.evaluate(selector => document.querySelector(selector)!.scrollTo(0, 0), body)
  const [from, to] = [(await column(page, 'To do').boundingBox())!, (await column(page, 'Done').boundingBox())!]
  const drag = async (): Promise<void> => {
    await page.mouse.move(from.x + 80, from.y + 90)
    await page.mouse.down()
    for (let i = 0; i < 3; i++) {
      await page.mouse.move(to.x + 80, to.y + 300, { steps: 40 })
      await page.mouse.move(from.x + 80, from.y + 300, { steps: 40 })
    }
    await page.keyboard.press('Escape')
    await page.mouse.up()
  }
  row('board, dragging: frames', told(await frames(page, drag)))
  row('board, dragging at 4× CPU throttling: frames', told(await throttled(cdp, 4, () => frames(page, drag))))

  // All of it in the page's memory.
  await page.goto(`/p/${project}/board?group=priority`)
  await leisure(page)
  await expect(page.locator('.board[aria-busy]')).toHaveCount(0, { timeout: 120_000 })
  row('memory of the page, first cards → all tasks', `${first.toFixed(0)} → ${(await heap(cdp)).toFixed(0)} MB`)
  await page.getByRole('button', { name: 'View of the board' }).click()
  await page.getByRole('menuitemradio', { name: 'Status' }).first().click()
  const { items } = await ann.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&status=todo&sort=position&limit=100`)
  await page.waitForTimeout(1000)
  const before = await busy(cdp)
  for (let i = 0; i < EVENTS; i++) await bob.patch(`/api/tasks/${items[i]!.id}`, { title: `Changed ${i}` })
  await expect(page.getByText(`Changed ${EVENTS - 1}`, { exact: true }).or(page.locator('[data-task]').first())).toBeVisible()
  await page.waitForTimeout(1000)
  row(`an event, all tasks loaded: script, style and layout`, `mean ${((await busy(cdp) - before) / EVENTS).toFixed(1)} ms of ${EVENTS}`)

  await page.goto(`/p/${project}/list`)
  await leisure(page)
  const table = '.\\@container.overflow-y-auto'
  row('list, scrolling: frames', told(await frames(page, () => scroll(page, table, 40))))
  row('list, scrolling at 4× CPU throttling: frames', told(await throttled(cdp, 4, () => frames(page, () => scroll(page, table, 40)))))
  const field = page.getByRole('searchbox').first()
  await field.focus()
  const took: number[] = []
  for (const letter of 'row 42') {
    took.push(await page.evaluate(async letter => {
      const input = document.activeElement as HTMLInputElement
      const start = performance.now()
      input.value += letter
      input.dispatchEvent(new InputEvent('input', { bubbles: true }))
      await new Promise(painted => requestAnimationFrame(() => setTimeout(painted)))
      return performance.now() - start
    }, letter))
  }
  row('list, filter as one types: key → painted', `median ${ms(took, 0.5)} ms, longest ${ms(took, 1)} ms`)
})
