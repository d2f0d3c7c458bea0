import AxeBuilder from '@axe-core/playwright'
import { type BrowserContext, type BrowserContextOptions, expect, type Locator, type Page, test as base } from '@playwright/test'
import { Client } from './client'
import { Server } from './server'

type Arrive = (username: string, path: string, options?: BrowserContextOptions) => Promise<Page>

/** A test with a server, and so with a database, of its own; `arrive` opens somebody's own browser. */
export const test = base.extend<{ settings: Record<string, string>; server: Server; arrive: Arrive }>({
  /** TANDEM_* variables of the server; test.use() sets them. */
  settings: [{}, { option: true }],
  server: async ({ settings }, use) => {
    const server = await Server.start(settings)
    await use(server)
    await server.close()
  },
  arrive: async ({ browser, server }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (username, path, options = {}) => {
      const context = await browser.newContext({ baseURL: server.url, viewport: { width: 1280, height: 800 }, ...options })
      contexts.push(context)
      const page = await context.newPage()
      await logIn(page, username)
      await page.goto(path)
      return page
    })
    await Promise.all(contexts.map(context => context.close()))
  },
})

/** Logs in through the page. From then on an uncaught error or a breach of the content security policy fails the test. */
async function logIn(page: Page, username: string): Promise<void> {
  page.on('pageerror', error => { throw error })
  page.on('console', message => {
    if (message.type() === 'error' && /Content Security Policy|TrustedHTML/.test(message.text())) throw new Error(message.text())
  })
  await page.goto('/login')
  await page.getByLabel(/username|email/i).first().fill(username)
  await page.getByRole('textbox', { name: 'Password' }).fill(Client.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page).not.toHaveURL(/login/)
}

export const column = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true })
export const card = (page: Page, title: string): Locator => page.locator('[data-task]').filter({ hasText: title })
/** The titles of a column, from top to bottom. */
export const titles = (page: Page, name: string): Promise<string[]> =>
  column(page, name).locator('[data-card]').evaluateAll(links => links
    .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
    .map(link => link.lastChild?.textContent?.trim() ?? ''))

/** The titles of a list's rows, from top to bottom. */
export const rows = (page: Page): Promise<string[]> => page.locator('[data-row]').evaluateAll(links => links
  .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top).map(link => link.textContent?.trim() ?? ''))

/** Gives the first row of a list the focus. A row that has just been made is measured first, and cannot have it before. */
export async function focusFirst(page: Page): Promise<void> {
  const first = page.locator('[data-row]').first()
  await expect(first).toBeVisible()
  await first.focus()
  await expect(first).toBeFocused()
}

/** Opens the form for new tasks of a column; what is typed now goes into it. */
export async function compose(page: Page, name: string): Promise<void> {
  await column(page, name).getByRole('button', { name: `New task in ${name}` }).click()
  await expect(column(page, name).getByRole('textbox', { name: 'Title' })).toBeFocused()
}

/** The app loads what it will need at leisure (App.vue); from then on it can do without the network. */
export async function leisure(page: Page): Promise<void> {
  await page.waitForFunction(() => performance.getEntriesByType('resource').some(entry => entry.name.includes('ConfirmDialog')))
}

/** Moves the card that has the focus, by the keyboard. */
export async function moveTo(page: Page, column: string): Promise<void> {
  await page.keyboard.press('m')
  await expect(page.getByRole('combobox', { name: /^Move / })).toBeFocused()
  await page.keyboard.type(column)
  await page.keyboard.press('Enter')
}

/** From now on, the title of each task that gets the focus, one after the other. */
export async function watchFocus(page: Page): Promise<{ walked: () => Promise<string[]> }> {
  await page.evaluate(() => {
    const titleOf = (el: Element | null): string => el?.closest('[data-task]')?.querySelector('[data-card]')?.textContent?.trim().replace(/^[A-Z]+-\d+\s*/, '') ?? ''
    const walked = [titleOf(document.activeElement)]
    document.addEventListener('focusin', event => {
      const title = titleOf(event.target as Element)
      if (title !== walked.at(-1)) walked.push(title)
    })
    Object.assign(window, { walked })
  })
  return { walked: () => page.evaluate(() => (window as unknown as { walked: string[] }).walked) }
}

/** No finding of axe, in the light and in the dark theme. */
export async function noViolations(page: Page, what = ''): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(v => `${what} ${colorScheme} ${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`)).toEqual([])
  }
}
