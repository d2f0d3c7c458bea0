import { expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { noViolations, test } from '../people'

interface Scene { ann: Client; bob: Client; team: string; project: string; task: Task }
async function scene(url: string, fields: object): Promise<Scene> {
  const ann = await Client.register(url, 'ann', 'Ann')
  const bob = await Client.register(url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Plan', ...fields })
  return { ann, bob, team, project, task }
}
const dialog = (page: Page) => page.getByRole('dialog').first()
const prompt = (page: Page) => page.getByRole('dialog', { name: 'Which version shall stay?' })
const title = (page: Page) => dialog(page).getByRole('textbox', { name: 'Title' })
const stored = async ({ bob, task }: Scene): Promise<Task> => bob.get<Task>(`/api/tasks/${task.id}`)

/** Ann types a title; Bob is quicker; Ann saves. */
async function clash(page: Page, { bob, task }: Scene, mine: string, theirs: string, was = 'Plan'): Promise<void> {
  await title(page).focus()
  await title(page).fill(mine)
  await bob.patch(`/api/tasks/${task.id}`, { title: theirs, was: { title: was } })
  await expect(dialog(page).getByText(/Bob changed the title/)).toBeVisible()
  await title(page).press('Enter')
  await expect(prompt(page)).toBeVisible()
}

test('mine, theirs or both: each is what is saved, with one request', async ({ arrive, server }) => {
  const it = await scene(server.url, {})
  const page = await arrive('ann', `/p/${it.project}/board/WEB-1`)
  const sent: { title?: string; was?: { title: string } }[] = []
  page.on('request', request => { if (request.method() === 'PATCH') sent.push(request.postDataJSON() as never) })

  await clash(page, it, 'Plan of Ann', 'Plan of Bob')
  await expect(prompt(page)).toContainText('Bob changed the title of WEB-1')
  await expect(prompt(page).locator('ins').filter({ hasText: 'of Ann' })).toBeVisible()
  await expect(prompt(page).locator('ins').filter({ hasText: 'of Bob' })).toBeVisible()
  await noViolations(page, 'conflict')
  await prompt(page).getByRole('radio', { name: 'Mine' }).check()
  await prompt(page).getByRole('button', { name: 'Save' }).click()
  await expect(title(page)).toHaveValue('Plan of Ann')
  await expect.poll(async () => (await stored(it)).title).toBe('Plan of Ann')
  expect(sent.slice(1)).toEqual([{ title: 'Plan of Ann', was: { title: 'Plan of Bob' } }])

  await clash(page, it, 'Plan of Ann and Cid', 'Plan of Bob', 'Plan of Ann')
  await prompt(page).getByRole('radio', { name: 'Theirs' }).check()
  await prompt(page).getByRole('button', { name: 'Save' }).click()
  await expect(prompt(page)).toHaveCount(0)
  await expect(title(page)).toHaveValue('Plan of Bob')
  expect((await stored(it)).title).toBe('Plan of Bob')
  expect(sent).toHaveLength(3)

  await clash(page, it, 'The plan of Bob', 'Plan of Bob and Eve', 'Plan of Bob')
  const text = prompt(page).getByRole('textbox', { name: 'Title, both versions together' })
  await expect(text).toHaveValue('The plan of Bob and Eve')
  await expect(prompt(page).getByRole('radio', { name: 'Both together' })).toBeChecked()
  await text.fill('The plan of Bob, Eve and Ann')
  await prompt(page).getByRole('button', { name: 'Save' }).click()
  await expect.poll(async () => (await stored(it)).title).toBe('The plan of Bob, Eve and Ann')
  await expect(title(page)).toHaveValue('The plan of Bob, Eve and Ann')
})

test('with the keyboard alone: arrows choose, Enter saves, Escape does not throw anything away', async ({ arrive, server }) => {
  const it = await scene(server.url, {})
  const page = await arrive('ann', `/p/${it.project}/board/WEB-1`)
  await clash(page, it, 'Plan of Ann', 'Plan of Bob')
  await expect(prompt(page).getByRole('radio', { name: 'Mine' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(prompt(page)).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await expect(prompt(page).getByRole('radio', { name: 'Theirs' })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(prompt(page).getByRole('radio', { name: 'Edit the two joined' })).toBeChecked()
  await expect(prompt(page).getByRole('radio', { name: 'Both together' })).toHaveCount(0)
  await expect(prompt(page).getByRole('textbox')).toHaveValue('Plan of Ann / Plan of Bob')
  await page.setViewportSize({ width: 390, height: 780 })
  expect(await prompt(page).evaluate(el => [...el.querySelectorAll('*')].every(it => it.getBoundingClientRect().right <= innerWidth))).toBe(true)
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement!.closest('dialog')?.textContent?.includes('Which version'))).toBe(true)
  }
  await prompt(page).getByRole('textbox').focus()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('Plan of both')
  await page.keyboard.press('Enter')
  await expect(prompt(page)).toHaveCount(0)
  await expect.poll(async () => (await stored(it)).title).toBe('Plan of both')
})

test('a change of the text one is typing names the person and keeps the draft; theirs can be taken', async ({ arrive, server }) => {
  const it = await scene(server.url, { description: 'Bring chairs.' })
  const page = await arrive('ann', `/p/${it.project}/board/WEB-1`)
  await title(page).focus()
  await title(page).fill('Plan of Ann')
  await it.bob.patch(`/api/tasks/${it.task.id}`, { title: 'Plan of Bob', was: { title: 'Plan' } })
  await expect(dialog(page).getByText(/Bob changed the title (now|\d+ seconds? ago|this minute)/)).toBeVisible()
  await expect(title(page)).toHaveValue('Plan of Ann')
  await page.keyboard.press('Tab')
  await expect(dialog(page).getByRole('button', { name: 'Show their version' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(dialog(page).getByRole('group', { name: 'Their version' })).toContainText('Plan of Bob')
  await noViolations(page, 'moved')
  await dialog(page).getByRole('button', { name: 'Take theirs' }).click()
  await expect(title(page)).toHaveValue('Plan of Bob')
  await page.getByRole('button', { name: 'Bring it back' }).click()
  await expect(title(page)).toHaveValue('Plan of Ann')
  await title(page).focus()
  await title(page).press('Escape')
  await expect(title(page)).toHaveValue('Plan of Bob')

  await dialog(page).getByRole('button', { name: 'Edit description' }).click()
  const text = dialog(page).getByRole('textbox', { name: 'Description' })
  await text.fill('Bring tables.')
  await it.bob.patch(`/api/tasks/${it.task.id}`, { description: 'Bring lamps.', was: { description: 'Bring chairs.' } })
  await expect(dialog(page).getByText(/Bob changed this text/)).toBeVisible()
  await expect(text).toHaveValue('Bring tables.')
  await text.press('Control+Enter')
  await expect(prompt(page).getByRole('textbox')).toHaveValue('Bring tables.\nBring lamps.')
  await prompt(page).getByRole('textbox').fill('Bring tables and lamps.')
  await page.keyboard.press('Control+Enter')
  await expect.poll(async () => (await stored(it)).description).toBe('Bring tables and lamps.')
})

test('a draft that outlived a reload says who changed the text meanwhile', async ({ arrive, server }) => {
  const it = await scene(server.url, { description: 'Bring chairs.' })
  const page = await arrive('ann', `/p/${it.project}/board/WEB-1`)
  await dialog(page).getByRole('button', { name: 'Edit description' }).click()
  await dialog(page).getByRole('textbox', { name: 'Description' }).fill('Bring tables.')
  await it.bob.patch(`/api/tasks/${it.task.id}`, { description: 'Bring lamps.', was: { description: 'Bring chairs.' } })
  await expect(dialog(page).getByText(/Bob changed this text/)).toBeVisible()
  await page.reload()
  await expect(dialog(page).getByRole('textbox', { name: 'Description' })).toHaveValue('Bring tables.')
  await expect(dialog(page).getByText(/Bob changed this text/)).toBeVisible()
})

test('of a date there is mine and theirs; of labels also both', async ({ arrive, server }) => {
  const it = await scene(server.url, { due_at: '2031-05-01T12:00:00Z' })
  const [red, blue] = await Promise.all(['red', 'blue'].map(async name => (await it.bob.post<{ id: string }>(`/api/teams/${it.team}/labels`, { name, color: name })).id))
  const page = await arrive('ann', `/p/${it.project}/board/WEB-1`)
  await expect(dialog(page).getByLabel('Due')).toHaveValue('2031-05-01')
  // Ann's request is on its way for long enough that Bob's is first.
  async function overtaken(mine: () => Promise<unknown>, theirs: object): Promise<void> {
    let first = true
    await page.route('**/api/tasks/*', async (route, request) => {
      if (request.method() === 'PATCH' && first) {
        first = false
        await it.bob.patch(`/api/tasks/${it.task.id}`, theirs)
      }
      await route.fallback()
    })
    await mine()
    await expect(prompt(page)).toBeVisible()
  }
  await overtaken(() => dialog(page).getByLabel('Due').fill('2031-06-01'), { due_at: '2031-07-01T12:00:00Z' })
  await expect(prompt(page)).toContainText('Bob changed the due date of WEB-1')
  await expect(prompt(page).getByRole('radio')).toHaveCount(2)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(prompt(page)).toHaveCount(0)
  await expect(dialog(page).getByLabel('Due')).toHaveValue('2031-07-01')

  await overtaken(async () => {
    await dialog(page).getByRole('button', { name: /^Labels/ }).click()
    await page.keyboard.type('red')
    await page.keyboard.press('Enter')
  }, { labels: [blue] })
  await prompt(page).getByRole('radio', { name: 'Both together' }).check()
  await noViolations(page, 'labels')
  await prompt(page).getByRole('button', { name: 'Save' }).click()
  await expect.poll(async () => [...(await it.bob.get<{ labels: string[] }>(`/api/tasks/${it.task.id}`)).labels].sort()).toEqual([red, blue].sort())
})
