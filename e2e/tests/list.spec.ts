import { expect } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { focusFirst, leisure, noViolations, rows, test } from '../people'

test('the list sorts and filters by its address, and stays live', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const make = (input: object) => ann.post<Task>(`/api/projects/${project}/tasks`, input)
  const alpha = await make({ title: 'Alpha', priority: 'low' })
  await make({ title: 'Charlie', priority: 'urgent', assigned_to: ann.id })
  await make({ title: 'Bravo', status: 'done' })

  const page = await arrive('ann', `/p/${project}/list`)
  await expect.poll(() => rows(page)).toEqual(['Bravo', 'Charlie', 'Alpha'])
  await page.getByRole('columnheader', { name: 'Title' }).getByRole('button').click()
  await expect.poll(() => rows(page)).toEqual(['Alpha', 'Bravo', 'Charlie'])
  await expect(page.getByRole('columnheader', { name: 'Title' })).toHaveAttribute('aria-sort', 'ascending')
  await page.getByRole('columnheader', { name: 'Priority' }).getByRole('button').click()
  await expect.poll(() => rows(page)).toEqual(['Charlie', 'Alpha', 'Bravo'])

  // Somebody else changes what the order hangs on, adds a task, and renames one.
  await bob.patch(`/api/tasks/${alpha.id}`, { priority: 'none' })
  await bob.post(`/api/projects/${project}/tasks`, { title: 'Delta', priority: 'medium' })
  await expect.poll(async () => (await rows(page)).slice(0, 2)).toEqual(['Charlie', 'Delta'])

  await page.getByRole('button', { name: 'Filter', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Status' }).click()
  await page.getByRole('combobox', { name: 'Status is' }).fill('done')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/status=done/)
  await expect.poll(() => rows(page)).toEqual(['Bravo'])
  await bob.post('/api/tasks/move', { task_ids: [alpha.id], status: 'done' })
  await expect.poll(async () => (await rows(page)).sort()).toEqual(['Alpha', 'Bravo'])
  await page.reload()
  await expect.poll(async () => (await rows(page)).sort()).toEqual(['Alpha', 'Bravo'])
  await noViolations(page, 'list')
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect.poll(async () => (await rows(page)).length).toBe(4)

  await page.getByRole('searchbox').fill('char')
  await expect.poll(() => rows(page)).toEqual(['Charlie'])
  await page.getByRole('searchbox').fill('nothing like it')
  await expect(page.getByText('No task matches')).toBeVisible()
  await page.getByRole('searchbox').fill('')
  await expect.poll(async () => (await rows(page)).length).toBe(4)

  // From row to row with the arrows, and into the task.
  await focusFirst(page)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/list\/WEB-\d/)
  await page.getByRole('dialog').getByRole('button', { name: 'Delete task' }).click()
  await expect.poll(async () => (await rows(page)).length).toBe(3)
  await page.getByRole('button', { name: 'Trash' }).click()
  await expect.poll(async () => (await rows(page)).length).toBe(1)
  await page.getByRole('button', { name: 'Restore' }).click()
  await expect(page.getByText('The trash is empty')).toBeVisible()
  await page.getByRole('button', { name: 'Leave the trash' }).click()
  await expect.poll(async () => (await rows(page)).length).toBe(4)
})

test('a list of many tasks loads as one scrolls', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const job = await ann.upload<{ id: string }>(`/api/projects/${project}/import?format=csv`, `title\n${Array.from({ length: 350 }, (_, i) => `Row ${i + 1}`).join('\n')}\n`)
  await expect.poll(async () => (await ann.get<{ state: string }>(`/api/imports/${job.id}`)).state).toBe('done')
  const page = await arrive('ann', `/p/${project}/list?sort=number`)
  await expect(page.getByText('Row 1', { exact: true })).toBeVisible()
  await expect(async () => {
    await page.getByRole('table').evaluate(table => table.parentElement!.scrollTo(0, table.scrollHeight))
    await expect(page.getByText('Row 350', { exact: true })).toBeVisible({ timeout: 300 })
  }).toPass({ timeout: 30_000 })
  expect(await page.locator('[data-row]').count()).toBeLessThan(80)
})

test('what sorts the list is large enough to be hit: 24 pixels, and 44 with a finger', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Alpha' })
  await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Bravo' })
  for (const [options, least] of [[{}, 24], [{ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }, 44], [{ viewport: { width: 820, height: 1100 }, hasTouch: true, isMobile: true }, 44]] as const) {
    const page = await arrive('ann', `/p/${project}/list`, options)
    await expect(page.getByRole('columnheader', { name: 'Title' })).toBeVisible()
    for (const name of ['Priority', 'Key', 'Title', 'Status']) {
      const button = page.getByRole('columnheader', { name }).getByRole('button')
      const box = (await button.boundingBox())!
      expect(Math.round(Math.min(box.width, box.height)), `${name} at ${least}`).toBeGreaterThanOrEqual(least)
      // Each edge is its own: no neighbour lies above it.
      for (const x of [box.x + 2, box.x + box.width - 2]) expect(await button.evaluate((el, at) => el.contains(document.elementFromPoint(at.x, at.y)), { x, y: box.y + box.height / 2 }), name).toBe(true)
    }
    await page.getByRole('columnheader', { name: 'Title' }).getByRole('button').click()
    await expect.poll(() => rows(page)).toEqual(['Alpha', 'Bravo'])
  }
})

test('titles have room on a phone, beside the sidebar of a tablet and on a desk, and the trash has its button', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'A title that is not very short, and not very long' })
  const page = await arrive('ann', `/p/${project}/list`)
  for (const width of [390, 700, 820, 1024, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    await expect.poll(async () => (await page.locator('[data-row]').boundingBox())!.width, `title at ${width}`).toBeGreaterThan(150)
    expect(await page.getByRole('table').evaluate(table => table.parentElement!.scrollWidth <= table.parentElement!.clientWidth), `no sideways scrolling at ${width}`).toBe(true)
  }
  await ann.delete(`/api/tasks/${task.id}`)
  await page.goto(`/p/${project}/list?trash=1`)
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    await expect(page.getByRole('button', { name: 'Restore' })).toHaveCount(1)
  }
  await page.getByRole('button', { name: 'Restore' }).click()
  await expect(page.getByText('The trash is empty')).toBeVisible()
})

test('a list that could not be loaded says so in place of the table, and comes by itself with the connection', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Deleted' })
  await ann.delete(`/api/tasks/${task.id}`)
  const page = await arrive('ann', `/p/${project}/list`)
  await leisure(page)
  await page.context().setOffline(true)
  await page.getByRole('button', { name: 'Trash' }).click()
  await expect(page.getByText('The list could not be loaded')).toBeVisible()
  await expect(page.getByRole('table')).toHaveCount(0)
  await noViolations(page, 'list offline')
  await page.context().setOffline(false)
  await expect.poll(() => rows(page)).toEqual(['Deleted'])
  await expect(page.getByText('The list could not be loaded')).toHaveCount(0)
})
