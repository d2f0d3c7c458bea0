import { expect, type Page } from '@playwright/test'
import { Client, type Named, type Task, teamOf } from '../client'
import { noViolations, test } from '../people'
import { MailServer } from '../smtp'

interface Mail extends Named { kind: string; address: string; subject: string; state: string; text: string }

/** Ann, the administrator, and Bob on a task of a project of theirs. */
async function scene(url: string): Promise<{ ann: Client; bob: Client; team: string; task: Task }> {
  const ann = await Client.register(url, 'ann', 'Ann')
  const bob = await Client.register(url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'member' }])
  return { ann, bob, team, task: await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Paint the lamp' }) }
}
const mailsTo = async (ann: Client, address: string): Promise<Mail[]> => (await ann.get<{ items: Mail[] }>('/api/admin/mails')).items.filter(mail => mail.address === address)
/** The first link of a mail that was kept, whose path begins like that. */
async function linkIn(ann: Client, mail: Mail, path: string): Promise<string> {
  return new RegExp(`https?://\\S+${path}\\S+`).exec((await ann.get<Mail>(`/api/admin/mails/${mail.id}`)).text)![0]
}
const wayOf = async (person: Client, type: string): Promise<string> =>
  (await person.get<{ types: Record<string, { email: string }> }>('/api/me/notification-preferences')).types[type]!.email
const chosen = (page: Page, row: string, way: string) => page.getByRole('radio', { name: `${row}: ${way}` })

test.describe('without a mail server', () => {
  test.use({ settings: { TANDEM_MAIL_DELAY: '1s' } })

  test('the mail log shows what would be sent, as it looks, and runs nothing of it', async ({ arrive, server }) => {
    const { ann, bob, task } = await scene(server.url)
    await bob.post(`/api/tasks/${task.id}/comments`, { body: '@ann it is red <script>top.hacked=1</script> <img src=x onerror="top.hacked=1">' })
    await expect.poll(async () => (await mailsTo(ann, 'ann@example.org')).map(mail => mail.kind), { timeout: 20_000 }).toContain('mention')
    const page = await arrive('ann', '/')
    await page.getByRole('button', { name: 'Ann: settings and log out' }).click()
    await page.getByRole('menuitem', { name: 'Mails' }).click()
    const rows = page.getByRole('listitem').filter({ hasText: '@example.org' })
    await expect(rows).not.toHaveCount(0)
    await noViolations(page, 'mails')
    await page.getByRole('button', { name: 'Failed' }).click()
    await expect(page).toHaveURL(/state=failed/)
    await expect(page.getByText('No mail is failed')).toBeVisible()
    await page.getByRole('button', { name: 'Kept here' }).click()
    await page.getByRole('button', { name: /Bob mentioned you/ }).click()
    const text = page.frameLocator('iframe').locator('.quote', { hasText: 'it is red' })
    await expect(text).toBeVisible()
    const light = await text.evaluate(el => getComputedStyle(el).color)
    await page.getByRole('button', { name: 'Dark' }).click()
    await expect(text).not.toHaveCSS('color', light)
    expect(await page.evaluate(() => (window as unknown as { hacked?: number }).hacked)).toBeUndefined()
    await page.getByRole('button', { name: 'Text' }).click()
    await expect(page.getByText(/> @ann it is red/)).toBeVisible()
  })

  test('who is no admin sees no mails', async ({ arrive, server }) => {
    await scene(server.url)
    const page = await arrive('bob', '/')
    await page.goto('/admin/mails')
    await expect(page.getByText('This is for admins')).toBeVisible()
  })

  test('an address is confirmed by the link in the mail, or the page says why not', async ({ page, server }) => {
    const ann = await Client.register(server.url, 'ann', 'Ann')
    await expect.poll(async () => (await mailsTo(ann, 'ann@example.org')).length, { timeout: 20_000 }).toBe(1)
    const link = await linkIn(ann, (await mailsTo(ann, 'ann@example.org'))[0]!, '/verify')
    await page.goto(`${server.url}/verify?token=bad`)
    await expect(page.getByRole('heading', { name: 'This link does not hold' })).toBeVisible()
    expect((await ann.get<{ email_verified: boolean }>('/api/me')).email_verified).toBe(false)
    await page.goto(link)
    await expect(page.getByRole('heading', { name: 'Your address is confirmed' })).toBeVisible()
    await noViolations(page, 'verify')
    expect((await ann.get<{ email_verified: boolean }>('/api/me')).email_verified).toBe(true)
  })

  test('a team’s weekly report is asked for in the settings', async ({ arrive, server }) => {
    const { ann, team } = await scene(server.url)
    const page = await arrive('ann', '/settings/notifications')
    const report = page.getByRole('region', { name: 'Weekly reports' }).getByRole('switch', { name: 'Lighthouse' })
    await expect(report).not.toBeChecked()
    await report.click()
    await expect(report).toBeChecked()
    await expect.poll(async () => (await ann.get<{ subscribed: boolean }>(`/api/teams/${team}/report`)).subscribed).toBe(true)
    await page.reload()
    await expect(report).toBeChecked()
    await page.route('**/report', (route, request) => (request.method() === 'DELETE' ? route.abort('connectionfailed') : route.fallback()))
    await report.click()
    await expect(page.getByText(/Could not save that/)).toBeVisible()
    await expect(report).toBeChecked()
  })

  test('a name in the list of members opens their profile', async ({ arrive, server }) => {
    const { team } = await scene(server.url)
    const page = await arrive('ann', `/t/${team}/members`)
    await page.getByRole('button', { name: 'Bob', exact: true }).click()
    await expect(page.getByRole('dialog', { name: 'Profile of Bob' })).toContainText('Lighthouse')
    await page.keyboard.press('Escape')
    await expect(page.getByRole('button', { name: 'Bob', exact: true })).toBeFocused()
  })
})

test.describe('with a delay in which two pieces of news meet', () => {
  test.use({ settings: { TANDEM_MAIL_DELAY: '6s' } })

  test('the link in a mail changes nothing until something is chosen, for all that the mail was about', async ({ page, server }) => {
    const { ann, bob, task } = await scene(server.url)
    await ann.post(`/api/tasks/${task.id}/comments`, { body: '@bob can you?' })
    await ann.patch(`/api/tasks/${task.id}`, { assigned_to: bob.id })
    await expect.poll(async () => (await mailsTo(ann, 'bob@example.org')).map(mail => mail.kind), { timeout: 30_000 }).toContain('several')
    const mail = (await mailsTo(ann, 'bob@example.org')).find(it => it.kind === 'several')!
    await page.goto(await linkIn(ann, mail, '/unsubscribe/'))
    await expect(page.getByText(/(Mentions and Assignments|Assignments and Mentions), to b…@example.org: now at once\./)).toBeVisible()
    await noViolations(page, 'unsubscribe')
    expect(await wayOf(bob, 'mention')).toBe('at_once')
    await page.getByRole('radio', { name: /In the daily digest/ }).check()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('in the daily digest')).toBeVisible()
    expect([await wayOf(bob, 'mention'), await wayOf(bob, 'task_assigned'), await wayOf(bob, 'team_invite')]).toEqual(['digest', 'digest', 'at_once'])
    await page.goto(`${server.url}/unsubscribe/old`)
    await expect(page.getByRole('heading', { name: 'This link does not hold' })).toBeVisible()
  })
})

const mailed = test.extend<{ mailServer: MailServer }>({
  mailServer: async ({}, use) => {
    const server = await MailServer.start()
    await use(server)
    await server.close()
  },
  settings: ({ mailServer }, use) => use({ TANDEM_SMTP_URL: mailServer.url, TANDEM_MAIL_DELAY: '1s' }),
})

mailed('one POST unsubscribes, as a mail program sends it', async ({ arrive, mailServer, server }) => {
  const { bob, task } = await scene(server.url)
  await bob.post(`/api/tasks/${task.id}/comments`, { body: '@ann it is red' })
  const mention = () => mailServer.received.find(mail => mail.to === 'ann@example.org' && mail.headers.get('subject')?.includes('mentioned you'))
  await expect.poll(mention, { timeout: 20_000 }).toBeDefined()
  const headers = mention()!.headers
  expect(headers.get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
  const url = /<(http[^>]+)>/.exec(headers.get('list-unsubscribe')!)![1]!
  const page = await arrive('ann', '/settings/notifications')
  await expect(chosen(page, 'Mentions', 'mail at once')).toBeChecked()
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click', redirect: 'manual' })
  expect(answer.ok).toBe(true)
  await page.reload()
  await expect(chosen(page, 'Mentions', 'no mail')).toBeChecked()
  await expect(chosen(page, 'Assignments', 'mail at once')).toBeChecked()
})

mailed('the mail log says why a mail was refused', async ({ arrive, mailServer, server }) => {
  mailServer.refused.add('carol@example.org')
  const { ann, team } = await scene(server.url)
  await ann.post(`/api/teams/${team}/invites`, { email: 'carol@example.org', role: 'member' })
  await expect.poll(async () => (await mailsTo(ann, 'carol@example.org'))[0]?.state, { timeout: 20_000 }).toBe('failed')
  const page = await arrive('ann', '/admin/mails?state=failed')
  await expect(page.getByText(/550.*no such user/)).toBeVisible()
  await page.getByRole('button', { name: 'Sent' }).click()
  await expect(page.getByText('Confirm your e-mail address').first()).toBeVisible()
  await page.getByRole('button', { name: /Confirm your e-mail address/ }).first().click()
  await expect(page.getByRole('dialog')).toContainText('What it said is not kept')
})
