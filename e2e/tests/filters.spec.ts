import { expect } from '@playwright/test'
import { Client, type Named, type Task, teamOf } from '../client'
import { focusFirst, noViolations, rows, test } from '../people'

const days = (n: number): string => new Date(Date.now() + n * 86_400_000).toISOString()

test('filters are typed, chosen, changed and taken away, and the address says them all', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const label = await ann.post<Named>(`/api/teams/${team}/labels`, { name: 'good first issue', color: 'green' })
  const make = (by: Client, input: object) => by.post<Task>(`/api/projects/${project}/tasks`, input)
  await make(ann, { title: 'Plain' })
  await make(ann, { title: 'Late door', due_at: days(-1), labels: [label.id], assigned_to: ann.id })
  await make(bob, { title: 'Bob made this door', priority: 'urgent', due_at: days(40) })
  await make(ann, { title: 'Finished late', due_at: days(-1), status: 'done' })

  const page = await arrive('ann', `/p/${project}/list?sort=title`)
  const field = page.getByRole('searchbox', { name: 'Find in this project' })
  await field.pressSequentially('label:"good first issue" assignee:me ')
  await expect(page.getByRole('button', { name: 'Filter: Label is good first issue' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Filter: Assignee is Me' })).toBeVisible()
  await expect(field).toHaveValue('')
  await expect(page).toHaveURL(url => url.searchParams.get('label') === label.id && url.searchParams.get('assignee') === 'me')
  await expect.poll(() => rows(page)).toEqual(['Late door'])
  await field.press('Backspace')
  await field.press('Backspace')
  await expect.poll(async () => (await rows(page)).length).toBe(4)

  // Names that are not known are said, and kept.
  await field.pressSequentially('status:finished ')
  await expect(page.getByRole('alert')).toHaveText('Status “finished” is not known. There are To do, In progress, In review, Done.')
  await expect(field).toHaveValue('status:finished ')
  await noViolations(page, 'a filter that is not known')
  await field.fill('due:overdue')
  await expect(page.getByRole('alert')).toHaveCount(0)
  await field.press('Enter')
  await expect(page).toHaveURL(/due=overdue/)
  await expect.poll(() => rows(page)).toEqual(['Late door'])
  await page.reload()
  await expect.poll(() => rows(page)).toEqual(['Late door'])

  // A chip opens what it can be.
  await page.getByRole('button', { name: 'Filter: Due is over' }).click()
  await page.getByRole('dialog', { name: 'Due' }).getByRole('button', { name: 'No date' }).click()
  await expect.poll(() => rows(page)).toEqual(['Plain'])
  await page.getByRole('button', { name: 'Take away: Due is not set' }).click()
  await expect(field).toBeFocused()
  await page.getByRole('button', { name: 'Filter', exact: true }).click()
  await page.keyboard.type('Created by')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('combobox', { name: 'Created by' })).toBeFocused()
  await page.keyboard.type('bob')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect.poll(() => rows(page)).toEqual(['Bob made this door'])
  await noViolations(page, 'filters')

  // One that nothing was chosen for goes away again.
  await page.getByRole('button', { name: 'Filter', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Priority' }).click()
  await expect(page.getByRole('combobox', { name: 'Priority is' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: /Filter: Priority/ })).toHaveCount(0)
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect.poll(async () => (await rows(page)).length).toBe(4)

  // Dates between two days, as reports link to them.
  await page.goto(`/p/${project}/list?created=${days(0).slice(0, 10)}..&category=done,active`)
  await expect(page.getByRole('button', { name: /Filter: Created since/ })).toBeVisible()
  await expect.poll(() => rows(page)).toEqual(['Finished late'])
})

test('words filter what is there at each key, and the server adds what it finds elsewhere', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Überprüfung' })
  await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Other', description: 'needs uberpaint' })
  const page = await arrive('ann', `/p/${project}/list`)
  await expect.poll(async () => (await rows(page)).length).toBe(2)
  let open: () => void = () => undefined
  const wait = new Promise<void>(resolve => (open = resolve))
  await page.route(/\/api\/tasks\?.*q=/, async route => {
    await wait
    await route.continue()
  })
  await page.getByRole('searchbox').fill('uberp')
  await expect.poll(() => rows(page)).toEqual(['Überprüfung'])
  open()
  await expect.poll(async () => (await rows(page)).sort()).toEqual(['Other', 'Überprüfung'])
  await expect(page).toHaveURL(/q=uberp/)
})

test('what others do between the reading of a list and the begin of its stream shows too', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { team, project } = await teamOf(ann)
  const make = (title: string): Promise<Task> => ann.post<Task>(`/api/projects/${project}/tasks`, { title, assigned_to: ann.id })
  await make('Alpha')
  const page = await arrive('ann', '/settings/profile')
  const titles = ['Alpha']
  for (const path of [`/t/${team}/tasks`, '/my']) {
    let open: () => void = () => undefined
    const wait = new Promise<void>(resolve => (open = resolve))
    await page.route(/\/assets\/socket-.*\.js/, async route => {
      await wait
      await route.continue()
    })
    await page.goto(path)
    await expect.poll(async () => (await rows(page)).sort()).toEqual(titles)
    titles.push(`Before the stream of ${path}`)
    await make(titles.at(-1)!)
    open()
    await expect.poll(async () => (await rows(page)).sort()).toEqual([...titles].sort())
    await page.unrouteAll()
    titles.sort()
  }
})

test('all tasks of a team are one list, which is live and opens tasks over it', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const garden = await ann.post<Named>(`/api/teams/${team}/projects`, { name: 'Garden', key: 'GAR' })
  await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Alpha' })
  const page = await arrive('ann', `/t/${team}/tasks?sort=title`)
  await expect.poll(() => rows(page)).toEqual(['Alpha'])
  const bravo = await bob.post<Task>(`/api/projects/${garden.id}/tasks`, { title: 'Bravo' })
  await expect.poll(() => rows(page)).toEqual(['Alpha', 'Bravo'])
  await page.getByRole('searchbox', { name: 'Find in this team' }).fill('category:active ')
  await expect.poll(() => rows(page)).toEqual([])
  await bob.post('/api/tasks/move', { task_ids: [bravo.id], status: 'in_progress' })
  await expect.poll(() => rows(page)).toEqual(['Bravo'])
  await focusFirst(page)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/tasks\/GAR-1\?/)
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Title' })).toHaveValue('Bravo')
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/\/tasks\?/)
  await expect(page.locator('[data-row]').first()).toBeFocused()
  await noViolations(page, 'all tasks')
})
