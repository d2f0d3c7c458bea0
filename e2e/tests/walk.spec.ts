import { expect } from '@playwright/test'
import { Client, teamOf } from '../client'
import { card, leisure, test, watchFocus } from '../people'

// A trace keeps a picture of the page for each key.
test.use({ trace: 'off' })

test('a board of 10,000 is walked from its first to its last task', async ({ arrive, server }) => {
  test.setTimeout(600_000)
  const MANY = 10_000
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const csv = `title,status\n${Array.from({ length: MANY }, (_, i) => `Row ${i + 1},todo`).join('\n')}\n`
  const job = await ann.upload<{ id: string }>(`/api/projects/${project}/import?format=csv`, csv)
  await expect.poll(async () => (await ann.get<{ state: string }>(`/api/imports/${job.id}`)).state, { timeout: 60_000 }).toBe('done')
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  await page.keyboard.press('j')
  const { walked } = await watchFocus(page)
  // A key that is held down: nobody waits for one step before the next.
  const keys = await page.context().newCDPSession(page)
  const step = () => keys.send('Input.dispatchKeyEvent', { type: 'keyDown', key: 'j', code: 'KeyJ', text: 'j', autoRepeat: true })
  /** What is beyond the edge is rendered with the next frame. */
  const frame = () => page.evaluate(() => new Promise<number>(done => { requestAnimationFrame(() => { done((window as unknown as { walked: string[] }).walked.length) }) }))
  for (let at = 1, still = 0; at < MANY && still < 200;) {
    await Promise.all(Array.from({ length: Math.min(8, MANY - at) }, step))
    const now = await frame()
    still = now === at ? still + 1 : 0
    at = now
  }
  await keys.send('Input.dispatchKeyEvent', { type: 'keyUp', key: 'j', code: 'KeyJ' })
  expect(await walked()).toEqual(Array.from({ length: MANY }, (_, i) => `Row ${i + 1}`))
  await expect(card(page, `Row ${MANY}`).locator('[data-card]')).toBeFocused()
})
