import { expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { card, column, fromMenu, leisure, noViolations, test, titles } from '../people'

async function two(url: string): Promise<{ ann: Client; bob: Client; project: string }> {
  const ann = await Client.register(url, 'ann', 'Ann')
  const bob = await Client.register(url, 'bob', 'Bob')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  return { ann, bob, project }
}
const dialog = (page: Page) => page.getByRole('dialog').first()
/** Lets a page be loaded, but nothing be written: the network of a train. */
async function noWrites(page: Page): Promise<void> {
  await page.context().route('**/api/**', (route, request) => (request.method() === 'GET' || request.url().includes('/auth/') ? route.fallback() : route.abort('connectionfailed')))
}
/** What the browser holds that the server does not have. */
const kept = (page: Page): Promise<{ does: string; op: { kind: string } }[]> => page.evaluate(() => new Promise((resolve, reject) => {
  const request = indexedDB.open('tandem')
  request.onerror = () => reject(new Error('no database'))
  request.onsuccess = () => {
    const all = request.result.transaction('outbox').objectStore('outbox').getAll()
    all.onsuccess = () => { request.result.close(); resolve(all.result as never) }
  }
}))

test('what is done offline outlives a closed tab, shows in the next one, and arrives in order', async ({ arrive, server }) => {
  const { ann: client, project } = await two(server.url)
  for (const title of ['One', 'Two']) await client.post<Task>(`/api/projects/${project}/tasks`, { title, status: 'todo', description: `about ${title}` })
  const [ann, bob] = await Promise.all([arrive('ann', `/p/${project}/board/WEB-1`), arrive('bob', `/p/${project}/board`)])
  await expect(dialog(ann).getByText('about One')).toBeVisible()
  await leisure(ann)
  await ann.context().setOffline(true)

  const title = dialog(ann).getByRole('textbox', { name: 'Title' })
  await title.fill('One, from the train')
  await title.press('Enter')
  for (const text of ['First thought', 'Second thought']) {
    await dialog(ann).getByRole('textbox', { name: 'Comment' }).fill(text)
    await ann.keyboard.press('Control+Enter')
    await expect(dialog(ann).getByRole('article', { name: 'Comment by Ann' }).last()).toContainText(text)
  }
  await expect(dialog(ann).getByRole('article').last()).toContainText('Not sent yet', { timeout: 20_000 })
  await dialog(ann).getByRole('button', { name: 'Close' }).click()
  await expect(ann.getByText(/You are offline/)).toBeVisible()
  await card(ann, 'Two').locator('[data-card]').focus()
  await fromMenu(ann, 'Done')
  await column(ann, 'To do').getByRole('button', { name: 'New task in To do' }).click()
  await ann.keyboard.type('Made on the train')
  await ann.keyboard.press('Enter')
  await ann.keyboard.press('Escape')
  await expect(card(ann, 'Made on the train')).toBeVisible()
  await expect.poll(async () => (await kept(ann)).map(k => k.op.kind)).toEqual(['edit', 'comment', 'comment', 'move', 'create'])

  const context = ann.context()
  await ann.close()
  await context.setOffline(false)
  const again = await context.newPage()
  await noWrites(again)
  await again.goto(`/p/${project}/board`)
  // Nothing can be sent yet, and everything is there.
  await expect(card(again, 'One, from the train')).toBeVisible()
  await expect(card(again, 'Made on the train')).toBeVisible()
  await expect.poll(() => titles(again, 'Done')).toEqual(['Two'])
  await expect(again.locator('[data-task][aria-busy]')).toHaveCount(3)
  expect((await client.get<{ items: Task[] }>(`/api/tasks?project_id=${project}`)).items.map(t => t.title).sort()).toEqual(['One', 'Two'])
  const sent: string[] = []
  again.on('request', request => { if (request.headers()['idempotency-key']) sent.push(`${request.method()} ${new URL(request.url()).pathname.replace(/[0-9a-f-]{36}/, 'id')}`) })
  await context.unrouteAll()
  await again.evaluate(() => window.dispatchEvent(new Event('online')))

  await expect(card(bob, 'One, from the train')).toBeVisible({ timeout: 30_000 })
  await expect(card(bob, 'Made on the train')).toBeVisible()
  await expect.poll(() => titles(bob, 'Done')).toEqual(['Two'])
  expect(sent.slice(-5)).toEqual(['PATCH /api/tasks/id', 'POST /api/tasks/id/comments', 'POST /api/tasks/id/comments', 'POST /api/tasks/move', `POST /api/projects/id/tasks`])
  await card(bob, 'One, from the train').locator('[data-card]').click()
  await expect(dialog(bob).getByRole('article', { name: 'Comment by Ann' })).toHaveText([/First thought/, /Second thought/])
  await expect(again.locator('[data-task][aria-busy]')).toHaveCount(0)
  await expect.poll(() => kept(again)).toEqual([])
})

test('a conflict that is found when the edit is sent at last is asked about, also after another reload', async ({ arrive, server }) => {
  const { ann: client, bob, project } = await two(server.url)
  const task = await client.post<Task>(`/api/projects/${project}/tasks`, { title: 'Plan' })
  const page = await arrive('ann', `/p/${project}/board/WEB-1`)
  const title = dialog(page).getByRole('textbox', { name: 'Title' })
  await expect(title).toHaveValue('Plan')
  await leisure(page)
  await page.context().setOffline(true)
  await title.fill('Plan of Ann')
  await title.press('Enter')
  await expect.poll(async () => (await kept(page)).length).toBe(1)
  const context = page.context()
  await page.close()
  await bob.patch(`/api/tasks/${task.id}`, { title: 'Plan of Bob', was: { title: 'Plan' } })
  await context.setOffline(false)

  const again = await context.newPage()
  await again.goto(`/p/${project}/board`)
  const prompt = again.getByRole('dialog', { name: 'Which version shall stay?' })
  await expect(prompt).toContainText('Bob changed the title of WEB-1')
  await again.reload()
  await expect(prompt).toContainText('Bob changed the title of WEB-1')
  await prompt.getByRole('radio', { name: 'Mine' }).check()
  await prompt.getByRole('button', { name: 'Save' }).click()
  await expect.poll(async () => (await bob.get<Task>(`/api/tasks/${task.id}`)).title).toBe('Plan of Ann')
  await expect.poll(() => kept(again)).toEqual([])
})

test('two tabs of one person do not take what the other one sends, and one takes over when the other is closed', async ({ arrive, server }) => {
  const { ann: client, project } = await two(server.url)
  await client.post<Task>(`/api/projects/${project}/tasks`, { title: 'Shared' })
  const first = await arrive('ann', `/p/${project}/board`)
  await leisure(first)
  await noWrites(first)
  await card(first, 'Shared').locator('[data-card]').focus()
  await fromMenu(first, 'Done')
  await expect.poll(async () => (await kept(first)).length).toBe(1)
  const second = await first.context().newPage()
  await second.goto(`/p/${project}/board`)
  await leisure(second)
  await expect.poll(() => titles(second, 'To do')).toEqual(['Shared'])
  await first.close()
  await expect.poll(() => titles(second, 'Done')).toEqual(['Shared'])
  await second.context().unrouteAll()
  await expect(second.locator('[data-task][aria-busy]')).toHaveCount(0, { timeout: 30_000 })
  await expect.poll(async () => (await client.get<{ items: Task[] }>(`/api/tasks?project_id=${project}`)).items[0]!.status).toBe('done')
})

test("another person at the same browser neither sees nor sends what is not theirs", async ({ arrive, server }) => {
  const { ann: client, project } = await two(server.url)
  const task = await client.post<Task>(`/api/projects/${project}/tasks`, { title: 'Private thought' })
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  await noWrites(page)
  await card(page, 'Private thought').locator('[data-card]').focus()
  await fromMenu(page, 'Done')
  await expect.poll(async () => (await kept(page)).length).toBe(1)
  // The session ends without a word, as when it is ended elsewhere.
  const context = page.context()
  await page.close()
  await context.clearCookies()
  await context.unrouteAll()

  const other = await context.newPage()
  await other.goto('/login')
  await other.getByLabel(/username|email/i).first().fill('bob')
  await other.getByRole('textbox', { name: 'Password' }).fill(Client.password)
  await other.getByRole('button', { name: 'Log in' }).click()
  await expect(other).not.toHaveURL(/login/)
  await other.goto(`/p/${project}/board`)
  await leisure(other)
  await expect.poll(() => titles(other, 'To do')).toEqual(['Private thought'])
  expect(await kept(other)).toHaveLength(1)
  expect((await client.get<Task>(`/api/tasks/${task.id}`)).status).toBe('todo')
})

test('what is older than a day is shown, and sent or thrown away as the person says', async ({ arrive, server }) => {
  const { ann: client, project } = await two(server.url)
  const task = await client.post<Task>(`/api/projects/${project}/tasks`, { title: 'Plan' })
  const page = await arrive('ann', `/p/${project}/board/WEB-1`)
  const title = dialog(page).getByRole('textbox', { name: 'Title' })
  await expect(title).toHaveValue('Plan')
  await leisure(page)
  await page.context().setOffline(true)
  await title.fill('Plan of last week')
  await title.press('Enter')
  await dialog(page).getByRole('textbox', { name: 'Comment' }).fill('An old thought')
  await page.keyboard.press('Control+Enter')
  await expect.poll(async () => (await kept(page)).length).toBe(2)
  await page.evaluate(() => new Promise<void>(resolve => {
    const request = indexedDB.open('tandem')
    request.onsuccess = () => {
      const tx = request.result.transaction('outbox', 'readwrite')
      tx.objectStore('outbox').openCursor().onsuccess = event => {
        const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result
        if (!cursor) return
        cursor.update({ ...cursor.value, at: Date.now() - 7 * 86_400_000 })
        cursor.continue()
      }
      tx.oncomplete = () => { request.result.close(); resolve() }
    }
  }))
  const context = page.context()
  await page.close()
  await context.setOffline(false)
  const again = await context.newPage()
  await again.goto(`/p/${project}/board`)
  const list = again.getByRole('dialog', { name: 'These changes are not saved' })
  await expect(list).toContainText('Plan of last week')
  await expect(list).toContainText('An old thought')
  await noViolations(again, 'unsent')
  await list.getByRole('button', { name: 'Decide later' }).click()
  await again.getByRole('button', { name: 'Show' }).click()
  await list.getByRole('listitem').filter({ hasText: 'An old thought' }).getByRole('button', { name: 'Discard' }).click()
  await again.getByRole('dialog', { name: 'Discard what you wrote?' }).getByRole('button', { name: 'Discard' }).click()
  await again.getByRole('button', { name: 'Send now' }).click()
  await expect.poll(async () => (await client.get<Task>(`/api/tasks/${task.id}`)).title).toBe('Plan of last week')
  await expect.poll(() => kept(again)).toEqual([])
  expect((await client.get<{ items: unknown[] }>(`/api/tasks/${task.id}/comments`)).items).toEqual([])
})

test('a comment is edited and deleted before it ever reached the server', async ({ arrive, server }) => {
  const { ann: client, project } = await two(server.url)
  const task = await client.post<Task>(`/api/projects/${project}/tasks`, { title: 'Talk' })
  const page = await arrive('ann', `/p/${project}/board/WEB-1`)
  await expect(dialog(page).getByRole('textbox', { name: 'Comment' })).toBeVisible()
  await leisure(page)
  await page.context().setOffline(true)
  for (const text of ['Keep this', 'Not this']) {
    await dialog(page).getByRole('textbox', { name: 'Comment' }).fill(text)
    await page.keyboard.press('Control+Enter')
  }
  const items = dialog(page).getByRole('article', { name: 'Comment by Ann' })
  await expect(items).toHaveCount(2)
  await items.first().getByRole('button', { name: /Edit or delete/ }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  await dialog(page).getByRole('form', { name: 'Edit comment' }).getByRole('textbox').fill('Keep **this** one')
  await page.keyboard.press('Control+Enter')
  await items.last().getByRole('button', { name: /Edit or delete/ }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('dialog', { name: 'Delete this comment?' }).getByRole('button', { name: 'Delete' }).click()
  await expect(items).toHaveText([/Keep \*\*this\*\* one/])
  await page.context().setOffline(false)
  await expect(items.locator('strong')).toHaveText('this', { timeout: 30_000 })
  await expect(items).toHaveCount(1)
  await expect.poll(async () => (await client.get<{ items: { body: string }[] }>(`/api/tasks/${task.id}/comments`)).items.map(c => c.body)).toEqual(['Keep **this** one'])
})

test('a browser without storage saves all the same, while the page lives', async ({ arrive, server }) => {
  const { ann: client, project } = await two(server.url)
  const task = await client.post<Task>(`/api/projects/${project}/tasks`, { title: 'Plan' })
  const page = await arrive('ann', '/settings/profile')
  await page.addInitScript(() => Object.defineProperty(window, 'indexedDB', { value: { open() { throw new DOMException('no', 'SecurityError') } } }))
  await page.goto(`/p/${project}/board/WEB-1`)
  const title = dialog(page).getByRole('textbox', { name: 'Title' })
  await expect(title).toHaveValue('Plan')
  await leisure(page)
  await page.context().setOffline(true)
  await title.fill('Plan B')
  await title.press('Enter')
  await expect(dialog(page).getByText('Not sent yet')).toBeVisible({ timeout: 20_000 })
  await page.context().setOffline(false)
  await expect.poll(async () => (await client.get<Task>(`/api/tasks/${task.id}`)).title, { timeout: 30_000 }).toBe('Plan B')
})
