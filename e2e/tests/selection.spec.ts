import { expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { card, column, leisure, moveTo, noViolations, test, titles } from '../people'

interface Scene { ann: Client; bob: Client; team: string; project: string; other: string; tasks: Task[] }
/** Ann and Bob; To do: One to Four, In progress: Five, Six; a second project. */
async function scene(url: string): Promise<Scene> {
  const ann = await Client.register(url, 'ann', 'Ann')
  const bob = await Client.register(url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const other = (await ann.post<{ id: string }>(`/api/teams/${team}/projects`, { name: 'Garden', key: 'GAR' })).id
  const tasks: Task[] = []
  for (const [title, status] of [['One', 'todo'], ['Two', 'todo'], ['Three', 'todo'], ['Four', 'todo'], ['Five', 'in_progress'], ['Six', 'in_progress']]) {
    tasks.push(await ann.post<Task>(`/api/projects/${project}/tasks`, { title, status }))
  }
  return { ann, bob, team, project, other, tasks }
}
const chosen = (page: Page) => page.locator('[data-selected]')
const bar = (page: Page) => page.getByRole('region', { name: 'Selection' })
const stored = async (ann: Client, project: string, status: string): Promise<string[]> =>
  (await ann.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&status=${status}&sort=position`)).items.map(t => t.title)
/** Messages of the team since then, by type, with how many tasks each is about. */
async function messages(ann: Client, team: string, after: number): Promise<string[]> {
  const { items } = await ann.get<{ items: { type: string; tasks?: unknown[] }[] }>(`/api/teams/${team}/events?after=${after}&limit=50`)
  return items.map(m => `${m.type} ${m.tasks?.length ?? 1}`)
}
const head = async (ann: Client, project: string): Promise<number> => (await ann.get<{ seq: number }>(`/api/projects/${project}/board`)).seq
async function answer(page: Page, name: RegExp | string, words: string): Promise<void> {
  await expect(page.getByRole('combobox', { name })).toBeFocused()
  await page.keyboard.type(words)
  await page.keyboard.press('Enter')
}

test('Ctrl and Shift with a click, x, Shift with arrows and a whole column select', async ({ arrive, server }) => {
  const { project } = await scene(server.url)
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  await card(page, 'One').click({ modifiers: ['ControlOrMeta'] })
  await card(page, 'Three').click({ modifiers: ['ControlOrMeta'] })
  await expect(chosen(page)).toHaveCount(2)
  await expect(page).toHaveURL(/board$/) // nothing was opened
  await card(page, 'Five').click({ modifiers: ['Shift'] }) // from Three on, across the columns
  await expect(chosen(page)).toHaveCount(3)
  await expect(bar(page)).toContainText('3 selected')
  await noViolations(page, 'selection')
  await page.keyboard.press('Escape')
  await expect(chosen(page)).toHaveCount(0)
  await expect(bar(page)).toHaveCount(0)

  await card(page, 'One').locator('[data-card]').focus()
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await expect(chosen(page)).toHaveCount(2)
  await page.keyboard.press('Escape')
  await card(page, 'Two').locator('[data-card]').focus()
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await expect(chosen(page)).toHaveCount(3)
  await page.keyboard.press('Shift+ArrowUp')
  await expect(chosen(page)).toHaveCount(2)
  await page.keyboard.press('Shift+X')
  await expect(chosen(page)).toHaveCount(4)
  await card(page, 'Two').click({ modifiers: ['ControlOrMeta'] })
  await expect(chosen(page)).toHaveCount(3)
})

test('the bar changes all of it in one request, with one message to the others, and one undo', async ({ arrive, server }) => {
  const { ann, team, project } = await scene(server.url)
  await ann.post(`/api/teams/${team}/labels`, { name: 'Paint', color: 'red' })
  const page = await arrive('ann', `/p/${project}/board`)
  const bob = await arrive('bob', `/p/${project}/board`)
  await leisure(page)
  const start = await head(ann, project)
  await card(page, 'One').click({ modifiers: ['ControlOrMeta'] })
  await card(page, 'Three').click({ modifiers: ['Shift'] })
  await bar(page).getByRole('button', { name: 'Priority' }).click()
  await answer(page, 'Priority of 3 tasks', 'high')
  await bar(page).getByRole('button', { name: 'Assign' }).click()
  await answer(page, 'Assign 3 tasks to', 'bob')
  await bar(page).getByRole('button', { name: 'Label' }).click()
  await answer(page, 'Labels of 3 tasks', 'paint')
  await page.keyboard.press('Escape')
  await bar(page).getByRole('button', { name: 'Due date' }).click()
  await answer(page, 'Due date of 3 tasks', '2031-05-06')
  await bar(page).getByRole('button', { name: 'Move' }).click()
  await answer(page, 'Move 3 tasks to', 'review')
  await expect.poll(() => titles(bob, 'In review')).toEqual(['One', 'Two', 'Three'])
  await expect.poll(() => messages(ann, team, start)).toEqual(['task.updated 3', 'task.assigned 3', 'task.updated 3', 'task.updated 3', 'task.moved 3'])
  const task = (await ann.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&status=in_review`)).items[0]!
  expect([task.priority, task.labels.length, task.due_at?.slice(0, 4)]).toEqual(['high', 1, '2031'])

  for (const words of ['moved 3 tasks', 'due date of 3 tasks', 'labelled 3 tasks', 'assigned 3 tasks to Bob', 'priority of 3 tasks']) {
    await page.keyboard.press('ControlOrMeta+z')
    await expect(page.getByRole('region', { name: 'Notices' })).toContainText(new RegExp(`Undone: .*${words}`))
  }
  await expect.poll(() => titles(bob, 'To do')).toEqual(['One', 'Two', 'Three', 'Four'])
  const undone = (await ann.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&status=todo`)).items
  expect(undone.map(t => [t.priority, t.assigned_to, t.labels.length, t.due_at])).toEqual(Array(4).fill(['none', null, 0, null]))
  await page.keyboard.press('ControlOrMeta+Shift+z')
  await expect.poll(async () => (await ann.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&priority=high`)).items.length).toBe(3)

  await bar(page).getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog', { name: 'Delete 3 tasks?' }).getByRole('button', { name: 'Delete' }).click()
  await expect.poll(() => titles(bob, 'To do')).toEqual(['Four'])
  await page.getByRole('region', { name: 'Notices' }).locator('div', { hasText: /^Deleted 3 tasks/ }).getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => titles(bob, 'To do')).toEqual(['One', 'Two', 'Three', 'Four'])
  expect((await messages(ann, team, start)).slice(-2)).toEqual(['task.deleted 3', 'task.restored 3'])
})

test('undo of a move of many asks about the one that a colleague went on with', async ({ arrive, server }) => {
  const { bob, ann, project, tasks } = await scene(server.url)
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  await card(page, 'One').click({ modifiers: ['ControlOrMeta'] })
  await card(page, 'Two').click({ modifiers: ['ControlOrMeta'] })
  await card(page, 'Two').locator('[data-card]').focus()
  await moveTo(page, 'In review')
  await expect.poll(() => stored(ann, project, 'in_review')).toEqual(['One', 'Two'])
  await bob.post('/api/tasks/move', { task_ids: [tasks[1]!.id], status: 'done' })
  await expect.poll(() => titles(page, 'Done')).toEqual(['Two'])
  await page.keyboard.press('ControlOrMeta+z')
  const question = page.getByRole('dialog', { name: 'Bob moved WEB-2 to Done meanwhile' })
  await expect(question).toBeVisible()
  await expect.poll(() => stored(ann, project, 'todo')).toEqual(['One', 'Three', 'Four'])
  await question.getByRole('button', { name: 'Cancel' }).click()
  await expect.poll(() => titles(page, 'Done')).toEqual(['Two'])
  expect(await stored(ann, project, 'done')).toEqual(['Two'])
})

test('undo of an edit that a colleague changed again asks which one stays', async ({ arrive, server }) => {
  const { bob, ann, project, tasks } = await scene(server.url)
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  for (const title of ['One', 'Two']) await card(page, title).click({ modifiers: ['ControlOrMeta'] })
  await bar(page).getByRole('button', { name: 'Priority' }).click()
  await answer(page, 'Priority of 2 tasks', 'low')
  await expect.poll(async () => (await ann.get<Task>(`/api/tasks/${tasks[1]!.id}`)).priority).toBe('low')
  await bob.patch(`/api/tasks/${tasks[1]!.id}`, { priority: 'urgent' })
  await expect(card(page, 'Two').getByRole('img', { name: /urgent/i })).toBeVisible()
  await page.keyboard.press('ControlOrMeta+z')
  const prompt = page.getByRole('dialog', { name: 'Which version shall stay?' })
  await expect(prompt).toContainText('Bob changed the priority of WEB-2')
  await expect.poll(async () => (await ann.get<Task>(`/api/tasks/${tasks[0]!.id}`)).priority).toBe('none')
  await prompt.getByRole('radio', { name: /Bob|theirs/i }).first().check()
  await prompt.getByRole('button', { name: 'Save' }).click()
  await expect(prompt).toHaveCount(0)
  expect((await ann.get<Task>(`/api/tasks/${tasks[1]!.id}`)).priority).toBe('urgent')
})

async function lift(page: Page, title: string, x: number, y: number): Promise<void> {
  const box = (await card(page, title).boundingBox())!
  await page.mouse.move(box.x + 60, box.y + 20)
  await page.mouse.down()
  await page.mouse.move(box.x + 70, box.y + 30, { steps: 3 })
  await page.mouse.move(x, y, { steps: 12 })
}

test('a selection is dragged as a stack, onto a folded column and another project; Escape puts it back', async ({ arrive, server }) => {
  const { ann, bob, project, other, tasks } = await scene(server.url)
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  for (const title of ['One', 'Three']) await card(page, title).click({ modifiers: ['ControlOrMeta'] })
  const review = (await column(page, 'In review').boundingBox())!
  await lift(page, 'Three', review.x + 100, review.y + 150)
  await expect(page.locator('.drag-ghost')).toHaveAttribute('data-count', '2')
  await expect(column(page, 'In review')).toHaveAttribute('data-aim')
  await expect.poll(() => titles(page, 'To do')).toEqual(['Two', 'Four'])
  // Somebody else works on the same column meanwhile.
  await bob.post('/api/tasks/move', { task_ids: [tasks[3]!.id], status: 'done' })
  await expect.poll(() => titles(page, 'To do')).toEqual(['Two'])
  await page.mouse.move(review.x + 100, review.y + 160)
  await page.keyboard.press('Escape')
  await page.mouse.up()
  await expect.poll(() => titles(page, 'To do')).toEqual(['One', 'Two', 'Three'])

  await column(page, 'In review').hover()
  await page.getByRole('button', { name: 'Collapse In review' }).click()
  const strip = (await column(page, 'In review').boundingBox())!
  expect(strip.width).toBeLessThan(60)
  await lift(page, 'One', strip.x + 20, strip.y + 200)
  await page.mouse.up()
  await expect.poll(() => stored(ann, project, 'in_review')).toEqual(['One', 'Three'])
  await page.getByRole('button', { name: /Show In review, 2 tasks/ }).click()
  await expect.poll(() => titles(page, 'In review')).toEqual(['One', 'Three'])

  const garden = page.getByRole('link', { name: 'Garden' })
  const at = (await garden.boundingBox())!
  await lift(page, 'One', at.x + 40, at.y + 10)
  await expect(garden).toHaveAttribute('data-drop')
  await page.mouse.up()
  await expect.poll(() => stored(ann, other, 'in_review')).toEqual(['One', 'Three'])
  await page.keyboard.press('ControlOrMeta+z')
  await expect.poll(() => stored(ann, project, 'in_review')).toEqual(['One', 'Three'])
})

test('a full column is shown as full while one drags, and asks before it takes more', async ({ arrive, server }) => {
  const { ann, project } = await scene(server.url)
  await ann.patch(`/api/projects/${project}/statuses/in_progress`, { wip_limit: 2 })
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  const target = (await column(page, 'In progress').boundingBox())!
  await lift(page, 'One', target.x + 100, target.y + 300)
  await expect(column(page, 'In progress')).toHaveAttribute('data-full')
  await page.mouse.up()
  const question = page.getByRole('dialog', { name: 'In progress is full' })
  await expect(question).toContainText('2 of at most 2')
  await question.getByRole('button', { name: 'Cancel' }).click()
  await expect.poll(() => titles(page, 'To do')).toEqual(['One', 'Two', 'Three', 'Four'])
  await card(page, 'One').locator('[data-card]').focus()
  await moveTo(page, 'In progress')
  await question.getByRole('button', { name: 'Move' }).click()
  await expect.poll(() => stored(ann, project, 'in_progress')).toEqual(['Five', 'Six', 'One'])
})

test('a selection is carried by keyboard, with its positions spoken', async ({ arrive, server }) => {
  const { ann, project } = await scene(server.url)
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  const said = page.getByRole('status')
  await card(page, 'One').locator('[data-card]').focus()
  for (const key of ['x', 'j', 'x', 'Space']) await page.keyboard.press(key)
  await expect(said.filter({ hasText: '2 tasks lifted' })).toHaveCount(1)
  await page.keyboard.press('ArrowRight')
  await expect(said.filter({ hasText: 'In progress, position' })).toHaveCount(1)
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Space')
  await expect.poll(() => stored(ann, project, 'in_progress')).toEqual(['One', 'Two', 'Five', 'Six'])
})

test('on a touch screen the menu selects the first, taps the others', async ({ arrive, server }) => {
  const { ann, project } = await scene(server.url)
  const page = await arrive('ann', `/p/${project}/board`, { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } })
  await leisure(page)
  await card(page, 'One').getByRole('button', { name: /Move or delete/ }).tap()
  await page.getByRole('menuitem', { name: 'Select' }).tap()
  await expect(chosen(page)).toHaveCount(1)
  await card(page, 'Two').tap()
  await expect(chosen(page)).toHaveCount(2)
  await expect(page).toHaveURL(/board$/)
  await bar(page).getByRole('button', { name: 'Move' }).tap()
  await page.getByRole('option', { name: 'Done' }).first().tap()
  await expect.poll(() => stored(ann, project, 'done')).toEqual(['One', 'Two'])
})

test('who may only look selects nothing that could be changed, and cannot drag', async ({ arrive, server }) => {
  const { ann, team, project } = await scene(server.url)
  const vic = await Client.register(server.url, 'vic', 'Vic')
  const invite = await ann.post<{ token: string }>(`/api/teams/${team}/invites`, { username: 'vic', role: 'viewer' })
  await vic.post(`/api/invites/${invite.token}/accept`, {})
  const page = await arrive('vic', `/p/${project}/board`)
  await leisure(page)
  const done = (await column(page, 'Done').boundingBox())!
  await lift(page, 'One', done.x + 100, done.y + 100)
  await expect(page.getByText('You may look at this board, not change it.').first()).toBeVisible()
  await expect(page.locator('.drag-ghost')).toHaveCount(0)
  await page.mouse.up()
  await page.keyboard.press('Escape')
  await card(page, 'Two').click({ modifiers: ['ControlOrMeta'] })
  await expect(bar(page).getByRole('button', { name: 'Move' })).toHaveCount(0)
})
