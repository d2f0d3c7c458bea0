import { expect } from '@playwright/test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, type Task, teamOf } from '../client'
import { noViolations, test } from '../people'

test('no page has a finding of axe, in either theme', async ({ arrive, server, page }) => {
  test.setTimeout(300_000)
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { team, project } = await teamOf(ann, [{ client: bob, role: 'viewer' }])
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, {
    title: 'A task with everything', description: '# Head\n\n- one\n- two\n\n`code` and [link](https://example.org)', priority: 'urgent', due_at: '2020-01-01T00:00:00Z', assigned_to: ann.id,
  })
  await ann.post(`/api/teams/${team}/labels`, { name: 'bug', color: 'red' })
  await ann.patch(`/api/tasks/${task.id}`, { labels: ['bug'] })
  await ann.post(`/api/tasks/${task.id}/comments`, { body: 'A comment with **weight**' })
  const { token } = await ann.post<{ token: string }>(`/api/teams/${team}/invites`, { email: 'carol@example.org', role: 'member' })

  for (const path of ['/login', '/register', '/forgot', '/reset?token=x', `/invite/${token}`, '/nowhere']) {
    await page.goto(server.url + path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await noViolations(page, path)
  }
  const inside = await arrive('ann', '/')
  for (const path of [
    `/t/${team}/projects`, `/t/${team}/members`, `/t/${team}/labels`, `/t/${team}/settings`, `/p/${project}/board`, `/p/${project}/board/${task.key}`, `/p/${project}/list`, `/p/${project}/list?trash=1`,
    `/p/${project}/settings/general`, `/p/${project}/settings/statuses`, `/p/${project}/settings/labels`, `/p/${project}/settings/import`, `/p/${project}/settings/export`,
    '/search', '/search?q=everything', '/settings/profile', '/settings/sessions', '/settings/password', '/p/none/board',
  ]) {
    await inside.goto(path)
    await expect(inside.getByRole('heading').first()).toBeVisible()
    await inside.waitForLoadState('networkidle')
    await noViolations(inside, path)
  }
})

test('pages fit a phone: nothing is wider than the screen', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { team, project } = await teamOf(ann)
  await ann.post(`/api/projects/${project}/tasks`, { title: `An ${'endless'.repeat(30)} word`, description: `${'x'.repeat(300)}` })
  const page = await arrive('ann', '/', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
  for (const path of [`/t/${team}/members`, `/t/${team}/labels`, `/p/${project}/board`, `/p/${project}/board/WEB-1`, `/p/${project}/list`, `/p/${project}/settings/statuses`, `/p/${project}/settings/import`, '/search?q=word', '/settings/sessions', '/notifications', '/settings/notifications', '/admin/mails']) {
    await page.goto(path)
    await expect(page.getByRole('heading').first()).toBeVisible()
    expect(await page.evaluate(() => [document.documentElement.scrollWidth, document.querySelector('dialog[open]')?.scrollWidth ?? 0].every(width => width <= innerWidth)), path).toBe(true)
  }
})

test('endless words in titles, texts and the activity fit the dialog of a viewer on a phone', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const vic = await Client.register(server.url, 'vic', 'Vic')
  const { project } = await teamOf(ann, [{ client: vic, role: 'viewer' }])
  const endless = 'W'.repeat(300)
  const task = await ann.post<Task>(`/api/projects/${project}/tasks`, { title: 'Short', description: endless })
  await ann.patch(`/api/tasks/${task.id}`, { title: endless })
  await ann.post(`/api/tasks/${task.id}/comments`, { body: endless })
  const page = await arrive('vic', `/p/${project}/board/WEB-1`, { viewport: { width: 390, height: 780 } })
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('article', { name: 'Comment by Ann' })).toBeVisible()
  const fits = (): Promise<boolean> => dialog.evaluate(el => [...el.querySelectorAll('*')].every(it => it.getBoundingClientRect().right <= innerWidth + 1))
  expect(await fits()).toBe(true)
  await dialog.getByRole('tab', { name: 'Activity' }).click()
  await expect(dialog.getByText(/Ann renamed it/)).toBeVisible()
  expect(await fits()).toBe(true)
})

test('long names of projects and teams end in an ellipsis, and can be read whole', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { team, project } = await teamOf(ann)
  const long = 'W'.repeat(80)
  await ann.patch(`/api/projects/${project}`, { name: long })
  await ann.patch(`/api/teams/${team}`, { name: long })
  const page = await arrive('ann', `/p/${project}/board`)
  const cut = (el: HTMLElement): boolean => {
    const text = el.matches('.truncate') ? el : el.querySelector('.truncate')!
    return text.scrollWidth > text.clientWidth && getComputedStyle(text).textOverflow === 'ellipsis'
  }
  const side = page.getByRole('complementary', { name: 'Navigation' })
  const edge = (await side.boundingBox())!
  for (const it of [side.getByRole('link', { name: long }), side.getByRole('button', { name: /switch team/ })]) {
    await expect(it).toHaveAttribute('title', long)
    expect(await it.evaluate(cut)).toBe(true)
    const box = (await it.boundingBox())!
    expect(box.x + box.width).toBeLessThanOrEqual(edge.x + edge.width)
  }
  for (const size of [{ width: 1280, height: 800 }, { width: 390, height: 780 }]) {
    await page.setViewportSize(size)
    const heading = page.getByRole('heading', { level: 1 })
    await expect(heading).toHaveAttribute('title', long)
    expect(await heading.evaluate(cut)).toBe(true)
    const box = (await page.getByRole('button', { name: 'Project', exact: true }).boundingBox())!
    expect(box.x + box.width).toBeLessThanOrEqual(size.width)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(size.width)
  }
  await page.setViewportSize({ width: 1280, height: 800 })
  await side.getByRole('button', { name: /switch team/ }).click()
  const line = page.getByRole('menuitemradio', { name: long })
  expect(await line.evaluate(cut)).toBe(true)
  await expect(line.locator('.truncate')).toHaveAttribute('title', long)
})

test('nobody who never logged in is asked for a token, and whoever did goes on without the page cookie', async ({ arrive, server, page }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const asked: string[] = []
  page.on('request', request => { if (request.url().includes('/auth/refresh')) asked.push(request.url()) })
  page.on('console', message => { if (message.type() === 'error') asked.push(message.text()) })
  await page.goto(`${server.url}/p/${project}/board`)
  await expect(page).toHaveURL(/login/)
  await page.goto(`${server.url}/register`)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  expect(asked).toEqual([])

  // As when the key that page cookies are signed with was changed.
  const inside = await arrive('ann', `/p/${project}/board`)
  await expect(inside.getByRole('heading', { name: 'Website' })).toBeVisible()
  await inside.context().clearCookies({ name: 'tandem_page' })
  await inside.reload()
  await expect(inside.getByRole('heading', { name: 'Website' })).toBeVisible()
})

test('a board paints before the live connection has its script, which a first failure does not keep away', async ({ arrive, server }) => {
  // What the route imports, as Vite wrote it down and the server preloads it.
  const dist = join(import.meta.dirname, '..', '..', 'web', 'dist')
  const manifest = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8')) as Record<string, { file: string; css?: string[]; imports?: string[] }>
  const files = new Set<string>()
  const follow = (name: string): void => {
    const { file, css = [], imports = [] } = manifest[name]!
    if (files.has(file)) return
    for (const it of [file, ...css]) files.add(it)
    imports.forEach(follow)
  }
  ['index.html', 'src/features/project/ProjectPage.vue', 'src/features/board/BoardPage.vue'].forEach(follow)
  expect([...files].filter(file => /socket|TaskDialog|courier/.test(file))).toEqual([])
  expect([...files].reduce((sum, file) => sum + readFileSync(join(dist, `${file}.br`)).length, 0)).toBeLessThan(80_000)

  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { project } = await teamOf(ann)
  const page = await arrive('ann', '/')
  let refused = 0
  await page.route(/\/assets\/socket-/, route => (refused++ ? route.fallback() : route.abort('connectionfailed')))
  await page.goto(`/p/${project}/board`)
  await expect(page.getByRole('region', { name: 'To do' })).toBeVisible()
  await expect.poll(() => refused).toBeGreaterThan(0)
  await ann.post(`/api/projects/${project}/tasks`, { title: 'Heard of live' })
  await expect(page.getByText('Heard of live')).toBeVisible({ timeout: 20_000 })
})

test('the heading of every page begins at the same place, whichever page is loaded first', async ({ arrive, server }) => {
  await Client.register(server.url, 'ann', 'Ann')
  const page = await arrive('ann', '/search')
  await page.setViewportSize({ width: 390, height: 780 })
  const edges = new Map<string, number>()
  for (const path of ['/search', '/notifications', '/settings/notifications', '/admin/mails']) {
    await page.goto(path)
    edges.set(path, (await page.getByRole('heading', { level: 1 }).boundingBox())!.x)
  }
  expect(new Set(edges.values()).size, JSON.stringify([...edges])).toBe(1)
})

test('the files of a page come while the pointer rests on a link to it, or the link has the focus', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann')
  const { team } = await teamOf(ann)
  const page = await arrive('ann', `/t/${team}/members`)
  const asked: string[] = []
  page.on('request', it => asked.push(new URL(it.url()).pathname))
  const came = (name: string) => asked.some(it => it.startsWith(`/assets/${name}-`))
  // The last of what is loaded ahead; after it, links are watched.
  await expect.poll(() => came('prefetch')).toBe(true)
  await page.getByRole('link', { name: 'Analytics' }).hover()
  await expect.poll(() => came('TeamAnalytics')).toBe(true)
  expect(came('TeamLabels')).toBe(false)
  await page.getByRole('link', { name: 'Labels' }).focus()
  await expect.poll(() => came('TeamLabels')).toBe(true)
  await expect(page).toHaveURL(/members$/)
})
