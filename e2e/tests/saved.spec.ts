import { expect, type Page } from '@playwright/test'
import { Client, type Task, teamOf } from '../client'
import { leisure, noViolations, rows, test } from '../people'

async function scene(url: string) {
  const ann = await Client.register(url, 'ann', 'Ann')
  const bob = await Client.register(url, 'bob', 'Bob')
  const eve = await Client.register(url, 'eve', 'Eve')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }, { client: eve, role: 'viewer' }])
  for (const [title, priority] of [['Low one', 'low'], ['High one', 'high'], ['High two', 'high']]) await ann.post<Task>(`/api/projects/${project}/tasks`, { title, priority, assigned_to: ann.id })
  return { ann, bob, team, project }
}
const menu = async (page: Page, name: string | RegExp = 'Saved'): Promise<void> => {
  await page.getByRole('button', { name }).click()
  await expect(page.getByRole('menu', { name: 'Saved filters' })).toBeVisible()
}
async function save(page: Page, name: string): Promise<void> {
  await menu(page)
  await page.getByRole('menuitem', { name: 'Save these filters…' }).click()
  await expect(page.getByRole('textbox', { name: 'Name' })).toBeFocused()
  await page.getByRole('textbox', { name: 'Name' }).fill(name)
}
const all = ['High one', 'High two', 'Low one']

test('filters are saved, applied by mouse and from the palette, updated, renamed, deleted and brought back', async ({ arrive, server }) => {
  const { project } = await scene(server.url)
  const page = await arrive('ann', `/p/${project}/list?sort=title`)
  await expect.poll(() => rows(page)).toEqual(all)
  await menu(page)
  await expect(page.getByRole('menuitem', { name: 'Save these filters…' })).toBeDisabled()
  await page.keyboard.press('Escape')
  await page.getByRole('searchbox', { name: 'Find in this project' }).fill('priority:high ')
  await expect.poll(() => rows(page)).toEqual(['High one', 'High two'])
  await save(page, 'Urgent')
  await noViolations(page, 'save filters')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Saved “Urgent”')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Saved filter: Urgent' })).toBeVisible()

  await page.goto(`${server.url}/p/${project}/list?sort=title`)
  await expect.poll(() => rows(page)).toEqual(all)
  await menu(page)
  await page.getByRole('menuitemradio', { name: 'Urgent' }).or(page.getByRole('menuitem', { name: 'Urgent' })).click()
  await expect(page).toHaveURL(/priority=high/)
  await expect.poll(() => rows(page)).toEqual(['High one', 'High two'])
  await page.getByRole('searchbox', { name: 'Find in this project' }).fill('two')
  await expect.poll(() => rows(page)).toEqual(['High two'])
  await menu(page, /Saved filter: Urgent.*changed/)
  await page.getByRole('menuitem', { name: 'Update “Urgent”' }).click()
  await expect(page.getByText('“Urgent” updated')).toBeVisible()

  // From the palette, on the view one has before oneself.
  await page.goto(`${server.url}/p/${project}/list?sort=title`)
  await expect.poll(() => rows(page)).toEqual(all)
  await leisure(page)
  await page.keyboard.press('ControlOrMeta+k')
  await expect(page.getByRole('combobox', { name: 'Command or task' })).toBeFocused()
  await page.keyboard.type('urgent')
  await page.getByRole('option', { name: /Urgent/ }).click()
  await expect(page).toHaveURL(/\/list\?.*q=two/)
  await expect.poll(() => rows(page)).toEqual(['High two'])

  await menu(page, 'Saved filter: Urgent')
  await page.getByRole('menuitem', { name: 'Manage saved filters…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Saved filters' })
  await noViolations(page, 'saved filters')
  await dialog.getByRole('button', { name: 'Rename Urgent' }).click()
  await dialog.getByRole('textbox', { name: 'Name' }).fill('x'.repeat(50))
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Soon')
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('button', { name: 'Delete Soon' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Delete Soon' }).click()
  await expect(dialog.getByText('No saved filters any more.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Undo' }).click()
  await menu(page, 'Saved filter: Soon')
})

test('a shared filter comes to colleagues at once, who can use and not change it, and goes when it is shared no longer', async ({ arrive, server }) => {
  const { project } = await scene(server.url)
  const bob = await arrive('bob', `/p/${project}/list?sort=title&priority=low`)
  const eve = await arrive('eve', `/p/${project}/list?sort=title`)
  await expect.poll(() => rows(eve)).toEqual(all)
  await leisure(eve)
  await save(bob, 'Quiet')
  await bob.getByRole('switch', { name: /Share with everybody/ }).check()
  await bob.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(bob.getByText('Saved “Quiet” for everybody in Website')).toBeVisible()

  const theirs = eve.getByRole('menuitemradio', { name: 'Quiet' }).or(eve.getByRole('menuitem', { name: 'Quiet' }))
  await expect(async () => {
    await menu(eve)
    try {
      await expect(theirs).toBeVisible({ timeout: 500 })
    } catch (error) {
      await eve.keyboard.press('Escape')
      throw error
    }
  }).toPass()
  await theirs.click()
  await expect.poll(() => rows(eve)).toEqual(['Low one'])
  await menu(eve, 'Saved filter: Quiet')
  await eve.getByRole('menuitem', { name: 'Manage saved filters…' }).click()
  const dialog = eve.getByRole('dialog', { name: 'Saved filters' })
  await expect(dialog.getByText('Shared by Bob')).toBeVisible()
  await expect(dialog.getByRole('button', { name: /Rename|Delete|Share/ })).toHaveCount(0)

  await menu(bob, 'Saved filter: Quiet')
  await bob.getByRole('menuitem', { name: 'Manage saved filters…' }).click()
  await bob.getByRole('button', { name: 'Stop sharing Quiet' }).click()
  await expect(bob.getByText('“Quiet” is yours alone now')).toBeVisible()
  await expect(bob.getByRole('dialog').getByText('Yours', { exact: true })).toBeVisible()
  await expect(dialog.getByText('No saved filters any more.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect.poll(() => rows(eve)).toEqual(['Low one']) // what is on stays on
})

test('filters of one’s own tasks, also on the calendar and on a phone', async ({ arrive, server }) => {
  await scene(server.url)
  const page = await arrive('ann', '/my?priority=low', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await expect.poll(() => rows(page)).toEqual(['Low one'])
  await save(page, 'Little')
  await expect(page.getByRole('switch')).toHaveCount(0)
  await page.getByRole('button', { name: 'Save', exact: true }).tap()
  await expect(page.getByRole('button', { name: 'Saved filter: Little' })).toBeVisible()
  await noViolations(page, 'saved filters on a phone')
  await page.goto(`${server.url}/my/calendar`)
  await menu(page)
  await page.getByRole('menuitemradio', { name: 'Little' }).or(page.getByRole('menuitem', { name: 'Little' })).tap()
  await expect(page).toHaveURL(/\/my\/calendar\?priority=low/)
})
