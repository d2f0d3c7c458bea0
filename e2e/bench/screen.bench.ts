import { expect, type Page } from '@playwright/test'
import { Client, type Named, teamOf } from '../client'
import { card, compose, leisure, test } from '../people'

const TASKS = 10_000
const CHANGES = 60
const COMMENTS = 100

/** Milliseconds since the epoch, by the clock that all pages of this machine share. */
declare global { interface Window { seen: Record<string, number>; pressed: number } }

/** Notes when each status change of one card is painted. */
const watchCard = (page: Page, title: string): Promise<void> => page.evaluate(text => {
  window.seen = {}
  const look = (): void => {
    for (const link of document.querySelectorAll('[data-card]')) {
      if (!link.textContent?.endsWith(text)) continue
      const status = link.closest<HTMLElement>('[data-column]')!.dataset.column!
      // The frame after the change is the one that shows it.
      requestAnimationFrame(() => { window.seen[status] ??= performance.timeOrigin + performance.now() })
    }
  }
  new MutationObserver(look).observe(document.querySelector('.board')!, { subtree: true, childList: true })
}, title)

test.beforeAll(() => console.log('\n## Browser\n\n| other | |\n|---|---|'))

/** A row of the table: how long it took, in milliseconds. */
function row(what: string, took: number[]): void {
  took.sort((a, b) => a - b)
  const at = (p: number): string => took[Math.ceil(took.length * p) - 1]!.toFixed(0)
  console.log(`| ${what} | median ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms |`)
}

test('change to the other browser', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const rows = Array.from({ length: TASKS }, (_, i) => `Row ${i},${['todo', 'in_progress', 'in_review', 'done'][i % 4]}`)
  const job = await ann.upload<{ id: string }>(`/api/projects/${project}/import?format=csv`, `title,status\n${rows.join('\n')}\n`)
  await expect.poll(async () => (await ann.get<{ state: string }>(`/api/imports/${job.id}`)).state, { timeout: 60_000 }).toBe('done')

  const [here, there] = await Promise.all([arrive('ann', `/p/${project}/board`), arrive('bob', `/p/${project}/board`)])
  await leisure(here)
  await compose(here, 'To do')
  await here.keyboard.type('Traveller')
  await here.keyboard.press('Enter')
  await here.keyboard.press('Escape')
  await expect(card(there, 'Traveller')).toBeVisible()
  await watchCard(there, 'Traveller')
  await here.evaluate(() => window.addEventListener('keydown', () => { window.pressed = performance.timeOrigin + performance.now() }, true))

  const took: number[] = []
  await card(here, 'Traveller').locator('[data-card]').focus()
  for (let i = 0; i < CHANGES; i++) {
    const [key, to] = i % 2 ? ['ArrowLeft', 'todo'] : ['ArrowRight', 'in_progress']
    await here.keyboard.press('Space')
    await here.keyboard.press(key)
    await there.evaluate(() => { window.seen = {} })
    await here.keyboard.press('Space')
    await there.waitForFunction(status => window.seen[status] !== undefined, to)
    took.push((await there.evaluate(status => window.seen[status]!, to)) - (await here.evaluate(() => window.pressed)))
  }
  row(`key pressed in one browser → painted in another, ${CHANGES} moves on a board of ${TASKS.toLocaleString('en')} tasks`, took)
})

test('event to the bell of another', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const task = await ann.post<Named>(`/api/projects/${project}/tasks`, { title: 'Paint the lamp' })
  const page = await arrive('ann', `/p/${project}/board`)
  await expect(card(page, 'Paint the lamp')).toBeVisible()
  await page.evaluate(() => {
    window.seen = {}
    new MutationObserver(() => {
      const unread = /(\d+) unread/.exec(document.querySelector('[aria-label^="Notifications"]')?.getAttribute('aria-label') ?? '')?.[1]
      if (unread) requestAnimationFrame(() => { window.seen[unread] ??= performance.timeOrigin + performance.now() })
    }).observe(document.body, { subtree: true, childList: true, attributes: true })
  })
  const took: number[] = []
  for (let i = 1; i <= COMMENTS; i++) {
    const sent = performance.timeOrigin + performance.now()
    await bob.post(`/api/tasks/${task.id}/comments`, { body: `@ann look at this, ${i}` })
    await page.waitForFunction(count => window.seen[count] !== undefined, String(i))
    took.push((await page.evaluate(count => window.seen[count]!, String(i))) - sent)
  }
  row(`mention sent → painted on the bell of another browser, ${COMMENTS} comments`, took)
})
