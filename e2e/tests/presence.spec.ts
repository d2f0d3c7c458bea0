import { expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { card, leisure, noViolations, test } from '../people'

const viewers = (page: Page) => page.getByRole('dialog').getByRole('img', { name: /^Looking at it/ })
const onCard = (page: Page) => card(page, 'Paint the lamp').getByRole('img', { name: /^Looking at it/ })

test('three people see each other come, edit and go', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann Lee')
  const bob = await Client.register(server.url, 'bob', 'Bob Ray')
  const eve = await Client.register(server.url, 'eve', 'Eve Fox')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }, { client: eve, role: 'viewer' }])
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Paint the lamp', description: 'Red and white' })
  const board = `/p/${project}/board`
  const [annPage, bobPage, evePage] = await Promise.all([arrive('ann', board), arrive('bob', board), arrive('eve', board)])
  for (const page of [annPage, bobPage, evePage]) await expect(card(page, 'Paint the lamp')).toBeVisible()

  // On the card, for who looks at the board; at the top, for who looks at the task. Nobody sees themselves.
  await card(bobPage, 'Paint the lamp').click()
  await expect(onCard(evePage)).toHaveAccessibleName('Looking at it: Bob Ray')
  await card(annPage, 'Paint the lamp').click()
  await expect(viewers(annPage)).toHaveAccessibleName('Looking at it: Bob Ray')
  await expect(viewers(bobPage)).toHaveAccessibleName('Looking at it: Ann Lee')
  await expect(onCard(evePage)).toHaveAccessibleName('Looking at it: Bob Ray, Ann Lee')
  await card(evePage, 'Paint the lamp').click()
  await expect(viewers(annPage)).toHaveAccessibleName('Looking at it: Bob Ray, Eve Fox')

  // What somebody is changing is said in words.
  const said = (page: Page, text: string) => page.getByRole('dialog').getByRole('status').filter({ hasText: text })
  await bobPage.getByRole('button', { name: 'Edit description' }).click()
  await expect(said(annPage, 'Bob Ray is editing the description')).toBeVisible()
  await expect(said(evePage, 'Bob Ray is editing the description')).toBeVisible()
  await expect(said(bobPage, 'is editing')).toHaveCount(0)
  await noViolations(annPage, 'task with people')
  await annPage.getByRole('dialog').getByRole('textbox', { name: 'Comment' }).pressSequentially('Nice')
  await expect(said(bobPage, 'Ann Lee is writing a comment')).toBeVisible()
  await bobPage.keyboard.press('Escape')
  await expect(said(annPage, 'Bob Ray')).toHaveCount(0)
  await expect(said(bobPage, 'Ann Lee is writing a comment')).toBeVisible()

  // The API knows as much.
  const { items } = await eve.get<{ items: { username: string; editing: string | null }[] }>(`/api/tasks/${task.id}/presence`)
  expect(items.map(v => [v.username, v.editing])).toEqual([['bob', null], ['ann', 'comment'], ['eve', null]])

  // A second tab is no second person; the person goes with the last one, however it ends.
  const second = await bobPage.context().newPage()
  await second.goto(`/p/${project}/board/${task.key}`)
  await expect(viewers(second)).toHaveAccessibleName(/Ann Lee/)
  await expect(viewers(annPage)).toHaveAccessibleName('Looking at it: Bob Ray, Eve Fox')
  await bobPage.keyboard.press('Escape')
  await expect(viewers(annPage)).toHaveAccessibleName('Looking at it: Eve Fox, Bob Ray')
  await second.close()
  await expect(viewers(annPage)).toHaveAccessibleName('Looking at it: Eve Fox')
  await evePage.getByRole('button', { name: 'Close' }).click()
  await expect(viewers(annPage)).toHaveCount(0)
  await expect(onCard(bobPage)).toHaveAccessibleName('Looking at it: Ann Lee')
})

test('whoever comes later, or comes back after a restart, sees who is there', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann Lee')
  const bob = await Client.register(server.url, 'bob', 'Bob Ray')
  const { project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Paint the lamp' })
  const annPage = await arrive('ann', `/p/${project}/board/${task.key}`)
  await leisure(annPage)
  const bobPage = await arrive('bob', `/p/${project}/board`)
  await expect(onCard(bobPage)).toHaveAccessibleName('Looking at it: Ann Lee')
  await server.down('SIGKILL')
  await expect(onCard(bobPage)).toHaveCount(0, { timeout: 20_000 }) // without a connection it would be a guess
  await server.up()
  await expect(onCard(bobPage)).toHaveAccessibleName('Looking at it: Ann Lee', { timeout: 30_000 })
})
