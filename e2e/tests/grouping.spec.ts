import { expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { card, column, leisure, noViolations, test, titles } from '../people'

async function scene(url: string): Promise<{ ann: Client; bob: Client; project: string; tasks: Task[] }> {
  const ann = await Client.register(url, 'ann', 'Ann')
  const bob = await Client.register(url, 'bob', 'Bob')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const tasks: Task[] = []
  for (const [title, status, assigned_to, priority] of [['One', 'todo', ann.id, 'high'], ['Two', 'in_progress', ann.id, 'none'], ['Three', 'todo', null, 'none']]) {
    tasks.push(await ann.post<Task>(`/api/projects/${project}/tasks`, { title, status, assigned_to, priority }))
  }
  return { ann, bob, project, tasks }
}
async function choose(page: Page, line: string, nth = 0): Promise<void> {
  await page.getByRole('button', { name: 'View of the board' }).click()
  await page.getByRole('menuitemradio', { name: line }).nth(nth).click()
}
const read = (ann: Client, task: Task): Promise<Task> => ann.get<Task>(`/api/tasks/${task.id}`)
async function drag(page: Page, title: string, to: { x: number; y: number }): Promise<void> {
  const from = (await card(page, title).boundingBox())!
  await page.mouse.move(from.x + 60, from.y + 20)
  await page.mouse.down()
  await page.mouse.move(from.x + 70, from.y + 30, { steps: 3 })
  await page.mouse.move(to.x, to.y, { steps: 12 })
  await page.mouse.up()
}

test('columns by assignee: dragging assigns, writing a task there too, live and in the address', async ({ arrive, server }) => {
  const { ann, bob, project, tasks } = await scene(server.url)
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  await choose(page, 'Assignee')
  await expect(page).toHaveURL(/group=assignee/)
  await expect.poll(() => titles(page, 'Ann')).toEqual(['One', 'Two'])
  await expect.poll(() => titles(page, 'Nobody')).toEqual(['Three'])
  await noViolations(page, 'by assignee')
  const to = (await column(page, 'Bob').boundingBox())!
  await drag(page, 'One', { x: to.x + 100, y: to.y + 100 })
  await expect.poll(async () => (await read(ann, tasks[0]!)).assigned_to).toBe(bob.id)
  await expect.poll(() => titles(page, 'Bob')).toEqual(['One'])
  // By keyboard: lifted, one column on, dropped.
  await card(page, 'Three').locator('[data-card]').focus()
  for (const key of ['Space', 'ArrowRight', 'Space']) await page.keyboard.press(key)
  await expect.poll(async () => (await read(ann, tasks[2]!)).assigned_to).toBe(ann.id)
  await column(page, 'Bob').getByRole('button', { name: 'New task in Bob' }).click()
  await expect(column(page, 'Bob').getByRole('textbox', { name: 'Title' })).toBeFocused()
  await page.keyboard.type('For Bob')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect.poll(async () => (await ann.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&assigned_to=${bob.id}`)).items.map(t => t.title).sort()).toEqual(['For Bob', 'One'])
  await bob.patch(`/api/tasks/${tasks[0]!.id}`, { assigned_to: null })
  await expect.poll(() => titles(page, 'Nobody')).toEqual(['One'])
  await page.reload()
  await expect.poll(() => titles(page, 'Nobody')).toEqual(['One'])
  await choose(page, 'Status')
  await expect(page).not.toHaveURL(/group=/)
})

test('swimlanes are off, and cut the columns when one wants them', async ({ arrive, server }) => {
  const { ann, project, tasks } = await scene(server.url)
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  await expect(page.locator('.lane')).toHaveCount(0)
  await choose(page, 'Priority', 1)
  await expect(page).toHaveURL(/lanes=priority/)
  const lane = (name: string) => page.getByRole('region', { name, exact: true })
  await expect(lane('High').getByRole('region', { name: 'To do' }).locator('[data-task]')).toHaveText([/One/])
  await expect(lane('No priority').getByRole('region', { name: 'In progress' }).locator('[data-task]')).toHaveText([/Two/])
  await noViolations(page, 'swimlanes')
  // Into another lane and another column: both change, and both are undone.
  const to = (await lane('High').getByRole('region', { name: 'Done' }).boundingBox())!
  await drag(page, 'Two', { x: to.x + 60, y: to.y + 50 })
  await expect.poll(async () => { const t = await read(ann, tasks[1]!); return [t.status, t.priority] }).toEqual(['done', 'high'])
  await page.keyboard.press('ControlOrMeta+z')
  await page.keyboard.press('ControlOrMeta+z')
  await expect.poll(async () => { const t = await read(ann, tasks[1]!); return [t.status, t.priority] }).toEqual(['in_progress', 'none'])
})

test('the board is filtered as one types, by chips and from the address; what does not match is not there', async ({ arrive, server }) => {
  const { ann, project, tasks } = await scene(server.url)
  const page = await arrive('ann', `/p/${project}/board`)
  await leisure(page)
  await page.keyboard.press('f')
  const field = page.getByRole('searchbox', { name: 'Find on this board' })
  await expect(field).toBeVisible()
  await field.fill('t')
  await expect.poll(() => titles(page, 'To do')).toEqual(['Three'])
  await expect.poll(() => titles(page, 'In progress')).toEqual(['Two'])
  await field.fill('')
  await field.fill('priority:high ')
  await expect.poll(() => titles(page, 'To do')).toEqual(['One'])
  await expect(page).toHaveURL(/priority=high/)
  await expect(column(page, 'To do').getByText('1 tasks')).toHaveCount(1)
  await noViolations(page, 'filtered board')
  // Others change what belongs there.
  await ann.patch(`/api/tasks/${tasks[2]!.id}`, { priority: 'high' })
  await expect.poll(() => titles(page, 'To do')).toEqual(['One', 'Three'])
  await choose(page, 'Assignee')
  await expect.poll(() => titles(page, 'Nobody')).toEqual(['Three'])
  await page.reload()
  await expect.poll(() => titles(page, 'Nobody')).toEqual(['Three'])
  await expect.poll(() => titles(page, 'Ann')).toEqual(['One'])
  await page.getByRole('button', { name: 'Close the filter' }).click()
  await expect.poll(() => titles(page, 'Ann')).toEqual(['One', 'Two'])
})
