import { expect } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { card, column, leisure, moveTo, test, titles } from '../people'

/** Ann's board with some tasks in "To do", in this order. */
async function boardOf(url: string, names: string[]): Promise<{ ann: Client; project: string; tasks: Task[] }> {
  const ann = await Client.register(url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const tasks: Task[] = []
  for (const title of names) tasks.push(await ann.post<Task>(`/api/projects/${project}/tasks`, { title, status: 'todo', ...(tasks.length && { after: tasks.at(-1)!.id }) }))
  return { ann, project, tasks }
}
const order = async (ann: Client, project: string, slug: string): Promise<string[]> =>
  (await ann.get<{ items: Task[] }>(`/api/tasks?project_id=${project}&status=${slug}&sort=position`)).items.map(t => t.title)

test('a card is dragged with the mouse: within a column, to another, and back by undo', async ({ arrive, server }) => {
  const { ann, project } = await boardOf(server.url, ['One', 'Two', 'Three'])
  const page = await arrive('ann', `/p/${project}/board`)
  await expect(card(page, 'Three')).toBeVisible()

  const [from, to] = [(await card(page, 'Three').boundingBox())!, (await card(page, 'One').boundingBox())!]
  await page.mouse.move(from.x + 60, from.y + 20)
  await page.mouse.down()
  await page.mouse.move(from.x + 60, from.y - 10, { steps: 4 })
  await page.mouse.move(to.x + 60, to.y + 4, { steps: 6 })
  await expect(page.locator('.drag-ghost')).toBeVisible()
  await expect.poll(() => titles(page, 'To do')).toEqual(['Three', 'One', 'Two'])
  await page.mouse.up()
  await expect(page.locator('.drag-ghost')).toHaveCount(0)
  await expect(page).toHaveURL(/board$/) // a drag is no click
  await expect.poll(() => order(ann, project, 'todo')).toEqual(['Three', 'One', 'Two'])

  const target = (await column(page, 'Done').boundingBox())!
  const one = (await card(page, 'One').boundingBox())!
  await page.mouse.move(one.x + 60, one.y + 20)
  await page.mouse.down()
  await page.mouse.move(target.x + 100, target.y + 120, { steps: 12 })
  await page.mouse.up()
  await expect.poll(() => order(ann, project, 'done')).toEqual(['One'])
  const moved = page.getByRole('region', { name: 'Notices' }).locator('div', { hasText: /^Moved WEB-1 to Done/ })
  await moved.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => order(ann, project, 'todo')).toEqual(['Three', 'One', 'Two'])
  await expect.poll(() => titles(page, 'To do')).toEqual(['Three', 'One', 'Two'])

  // Escape gives it up in mid-air.
  const three = (await card(page, 'Three').boundingBox())!
  await page.mouse.move(three.x + 60, three.y + 20)
  await page.mouse.down()
  await page.mouse.move(target.x + 100, target.y + 120, { steps: 12 })
  await page.keyboard.press('Escape')
  await page.mouse.up()
  await expect.poll(() => titles(page, 'To do')).toEqual(['Three', 'One', 'Two'])
  expect(await order(ann, project, 'todo')).toEqual(['Three', 'One', 'Two'])
})

test('a card let go between two columns goes into the nearer one; beside the board it stays home', async ({ arrive, server }) => {
  const { ann, project } = await boardOf(server.url, ['One', 'Two'])
  const page = await arrive('ann', `/p/${project}/board`)
  const drag = async (title: string, x: number, y: number): Promise<void> => {
    const from = (await card(page, title).boundingBox())!
    await page.mouse.move(from.x + 60, from.y + 20)
    await page.mouse.down()
    await page.mouse.move(x, y, { steps: 8 })
  }
  await expect(card(page, 'Two')).toBeVisible()
  const [left, right] = [(await column(page, 'In progress').boundingBox())!, (await column(page, 'In review').boundingBox())!]
  const edge = left.x + left.width
  expect(right.x - edge).toBeGreaterThan(4)

  await drag('One', edge + (right.x - edge) * 0.2, left.y + 150)
  await expect.poll(() => titles(page, 'In progress')).toEqual(['One'])
  await page.mouse.up()
  await expect.poll(() => order(ann, project, 'in_progress')).toEqual(['One'])
  await drag('Two', right.x - (right.x - edge) * 0.2, left.y + 150)
  await expect.poll(() => titles(page, 'In review')).toEqual(['Two'])
  await page.mouse.up()
  await expect.poll(() => order(ann, project, 'in_review')).toEqual(['Two'])

  // Over the sidebar it shows where it came from, and that is where it stays.
  await drag('Two', edge, left.y + 150)
  await page.mouse.move(20, left.y + 150, { steps: 8 })
  await expect.poll(() => titles(page, 'In review')).toEqual(['Two'])
  await page.mouse.up()
  await expect(page.locator('.drag-ghost')).toHaveCount(0)
  await expect(page.getByRole('status').filter({ hasText: 'WEB-2 stays where it was.' })).toHaveCount(1)
  await expect.poll(() => titles(page, 'In review')).toEqual(['Two'])
  expect(await order(ann, project, 'in_review')).toEqual(['Two'])
})

test('a title of one endless word makes neither its column nor the page scroll sideways', async ({ arrive, server }) => {
  const { project } = await boardOf(server.url, ['W'.repeat(300)])
  const page = await arrive('ann', `/p/${project}/board`)
  for (const size of [{ width: 1280, height: 800 }, { width: 390, height: 780 }]) {
    await page.setViewportSize(size)
    await expect(card(page, 'WWW')).toBeVisible()
    const { scrollWidth, clientWidth } = await column(page, 'To do').locator('[data-scroller]').evaluate(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))
    expect(scrollWidth).toBe(clientWidth)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(size.width)
    const [inner, outer] = [(await card(page, 'WWW').boundingBox())!, (await column(page, 'To do').boundingBox())!]
    expect(inner.x + inner.width).toBeLessThanOrEqual(outer.x + outer.width)
  }
})

test('on a touch screen a long press drags, and a swipe scrolls', async ({ arrive, server }) => {
  const { ann, project } = await boardOf(server.url, Array.from({ length: 16 }, (_, i) => `Task ${i + 1}`))
  const page = await arrive('ann', `/p/${project}/board`, { hasTouch: true, isMobile: true, viewport: { width: 600, height: 700 } })
  await expect(card(page, 'Task 3')).toBeVisible()
  const touch = await page.context().newCDPSession(page)
  const point = (x: number, y: number) => [{ x, y, id: 1 }]
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number; id: number }[]) => touch.send('Input.dispatchTouchEvent', { type, touchPoints })

  await column(page, 'To do').scrollIntoViewIfNeeded()
  const scroller = column(page, 'To do').locator('[data-scroller]')
  const at = (await card(page, 'Task 5').boundingBox())!
  await send('touchStart', point(at.x + 80, at.y + 20))
  for (let y = 0; y <= 200; y += 20) await send('touchMove', point(at.x + 80, at.y + 20 - y))
  await send('touchEnd', [])
  await expect.poll(() => scroller.evaluate(el => el.scrollTop)).toBeGreaterThan(60)
  await expect(page.locator('.drag-ghost')).toHaveCount(0)
  await page.waitForTimeout(600) // the fling ends
  await scroller.evaluate(el => el.scrollTo(0, 0))

  const [first, third] = [(await card(page, 'Task 1').first().boundingBox())!, (await card(page, 'Task 3').boundingBox())!]
  await send('touchStart', point(third.x + 80, third.y + 20))
  await expect(page.locator('.drag-ghost')).toBeVisible()
  for (let i = 1; i <= 10; i++) await send('touchMove', point(first.x + 80, third.y + 20 + ((first.y - third.y - 10) * i) / 10))
  await expect.poll(async () => (await titles(page, 'To do'))[0]).toBe('Task 3')
  await send('touchEnd', [])
  await expect.poll(async () => (await order(ann, project, 'todo')).slice(0, 3)).toEqual(['Task 3', 'Task 1', 'Task 2'])
})

test('on a phone a swipe goes to the next column, whole, and a dragged task goes along', async ({ arrive, server }) => {
  const { ann, project } = await boardOf(server.url, ['Task 1', 'Task 2'])
  const page = await arrive('ann', `/p/${project}/board`, { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } })
  await expect(card(page, 'Task 1')).toBeVisible()
  const touch = await page.context().newCDPSession(page)
  /** Which column is in the middle of the screen, and how far from it. */
  const middle = async (): Promise<string> => {
    for (const name of ['To do', 'In progress', 'In review', 'Done']) {
      const box = (await column(page, name).boundingBox())!
      if (Math.abs(box.x + box.width / 2 - 195) < 3) return name
    }
    return ''
  }
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number; id: number }[]) => touch.send('Input.dispatchTouchEvent', { type, touchPoints })
  async function swipe(from: number, to: number): Promise<void> {
    await send('touchStart', [{ x: from, y: 500, id: 1 }])
    for (let i = 1; i <= 12; i++) await send('touchMove', [{ x: from + (to - from) * i / 12, y: 500, id: 1 }])
    await send('touchEnd', [])
  }
  await swipe(300, 80)
  await expect.poll(middle).toBe('In progress')
  await swipe(300, 80)
  await expect.poll(middle).toBe('In review')
  await swipe(80, 300)
  await expect.poll(middle).toBe('In progress')
  await swipe(80, 300)
  // The first one lies at the edge of the board.
  await expect.poll(() => page.locator('.board').evaluate(el => el.scrollLeft)).toBeLessThan(4)

  // Held at the edge, a task takes the board along, which does not jump meanwhile.
  const at = (await card(page, 'Task 2').boundingBox())!
  await send('touchStart', [{ x: at.x + 80, y: at.y + 20, id: 1 }])
  await expect(page.locator('.drag-ghost')).toBeVisible()
  for (let x = at.x + 80; x < 385; x += 20) await send('touchMove', [{ x, y: at.y + 20, id: 1 }])
  await expect.poll(() => page.locator('.board').evaluate(el => el.scrollLeft)).toBeGreaterThan(250)
  await send('touchMove', [{ x: 195, y: at.y + 20, id: 1 }])
  await send('touchEnd', [])
  await expect.poll(() => order(ann, project, 'todo')).toEqual(['Task 1'])
  await expect.poll(middle).not.toBe('')
})

test('tasks are made and moved with the keyboard alone', async ({ arrive, server }) => {
  const { ann, project } = await boardOf(server.url, [])
  const page = await arrive('ann', `/p/${project}/board`)
  await expect(column(page, 'To do')).toBeVisible()
  await leisure(page)
  const press = (key: string) => page.keyboard.press(key)
  const status = page.getByRole('status')

  await press('n')
  await expect(page.getByRole('textbox', { name: 'Title' })).toBeFocused()
  for (const title of ['First', 'Second', 'Third']) {
    await page.keyboard.type(title)
    await press('Enter')
  }
  await press('Escape')
  await expect.poll(() => order(ann, project, 'todo')).toEqual(['First', 'Second', 'Third'])
  await expect.poll(() => titles(page, 'To do')).toEqual(['First', 'Second', 'Third'])

  // From the column's button Tab leads to its cards; arrows walk.
  await page.keyboard.press('Tab')
  await expect(card(page, 'First').locator('[data-card]')).toBeFocused()
  await press('ArrowDown')
  await press('ArrowDown')
  await expect(card(page, 'Third').locator('[data-card]')).toBeFocused()
  await press('Space')
  await expect(status.filter({ hasText: 'lifted' })).toHaveCount(1)
  await press('ArrowUp')
  await press('ArrowUp')
  await expect(status.filter({ hasText: 'To do, position 1 of 3' })).toHaveCount(1)
  await press('Space')
  await expect.poll(() => order(ann, project, 'todo')).toEqual(['Third', 'First', 'Second'])
  await expect(card(page, 'Third').locator('[data-card]')).toBeFocused()

  await press('Space')
  await press('ArrowRight')
  await press('Escape')
  await expect.poll(() => titles(page, 'To do')).toEqual(['Third', 'First', 'Second'])
  await press('Space')
  await press('ArrowRight')
  await press('Space')
  await expect.poll(() => titles(page, 'In progress')).toEqual(['Third'])
  await expect.poll(() => order(ann, project, 'in_progress')).toEqual(['Third'])

  // The same without dragging.
  await moveTo(page, 'Done')
  await expect.poll(() => order(ann, project, 'done')).toEqual(['Third'])

  await card(page, 'First').locator('[data-card]').focus()
  await press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
  await press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(card(page, 'First').locator('[data-card]')).toBeFocused()
})

test('a refused move goes back and says why', async ({ arrive, server }) => {
  const { ann, project, tasks } = await boardOf(server.url, ['Stays', 'Other'])
  const page = await arrive('ann', `/p/${project}/board`)
  await expect(card(page, 'Stays')).toBeVisible()
  await leisure(page)
  // The browser does not hear of it: the column has gone meanwhile.
  await page.context().setOffline(true)
  await ann.delete(`/api/projects/${project}/statuses/in_review?move_to=done`)
  await card(page, 'Stays').locator('[data-card]').focus()
  await moveTo(page, 'In review')
  await expect.poll(() => titles(page, 'In review')).toEqual(['Stays'])
  await page.context().setOffline(false)
  await expect(page.getByText(/Could not move WEB-1\./)).toBeVisible({ timeout: 20_000 })
  await expect.poll(() => titles(page, 'To do')).toEqual(['Stays', 'Other'])
  expect(await ann.get<Task>(`/api/tasks/${tasks[0]!.id}`)).toMatchObject({ status: 'todo' })
})

test('a column of many tasks renders a few and loads the rest while one scrolls', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const csv = `title,status\n${Array.from({ length: 600 }, (_, i) => `Row ${i + 1},todo`).join('\n')}\n`
  const job = await ann.upload<{ id: string }>(`/api/projects/${project}/import?format=csv`, csv)
  await expect.poll(async () => (await ann.get<{ state: string }>(`/api/imports/${job.id}`)).state).toBe('done')
  const page = await arrive('ann', `/p/${project}/board`)
  await expect(column(page, 'To do').getByText('600 tasks')).toHaveCount(1)
  const scroller = column(page, 'To do').locator('[data-scroller]')
  await expect(async () => {
    await scroller.evaluate(el => el.scrollTo(0, el.scrollHeight))
    await expect(card(page, 'Row 600')).toBeVisible({ timeout: 300 })
  }).toPass({ timeout: 30_000 })
  expect(await column(page, 'To do').locator('[data-task]').count()).toBeLessThan(60)
})

test('who may only look gets no way to change anything', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const vic = await Client.register(server.url, 'vic', 'Vic')
  const { project } = await teamOf(ann, [{ client: vic, role: 'viewer' }])
  await ann.post(`/api/projects/${project}/tasks`, { title: 'Look at me' })
  const page = await arrive('vic', `/p/${project}/board`)
  await expect(card(page, 'Look at me')).toBeVisible()
  await leisure(page)
  await expect(page.getByRole('button', { name: /New task/ })).toHaveCount(0)
  await card(page, 'Look at me').locator('[data-card]').focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('n')
  await expect(page.getByRole('textbox')).toHaveCount(0)
  for (const key of ['m', 'a', 'p', '.', 'u', 'e', 'd']) await page.keyboard.press(key)
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByRole('textbox')).toHaveCount(0)
  await card(page, 'Look at me').getByRole('button').click()
  await expect(page.getByRole('menuitem')).toHaveText(['Copy link'])
})
