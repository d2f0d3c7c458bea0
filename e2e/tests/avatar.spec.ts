import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, type Page } from '@playwright/test'
import { Client, teamOf } from '../client'
import { noViolations, test } from '../people'

// A trace would fetch the preview by its blob: address, which the content security policy refuses.
test.use({ trace: 'off' })

/** A picture that the browser makes: the corners of its middle square are red, green, blue and yellow. */
async function picture(page: Page, type: string): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const bytes = await page.evaluate(async type => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 600, height: 400 })
    const paint = canvas.getContext('2d')!
    paint.fillRect(0, 0, 600, 400)
    for (const [i, colour] of ['#f00', '#0f0', '#00f', '#ff0'].entries()) {
      paint.fillStyle = colour
      paint.fillRect(100 + (i % 2) * 200, (i >> 1) * 200, 200, 200)
    }
    const blob = await new Promise<Blob | null>(resolve => canvas.toBlob(resolve, type))
    return [...new Uint8Array(await blob!.arrayBuffer())]
  }, type)
  return { name: `me.${type.slice(6)}`, mimeType: type, buffer: Buffer.from(bytes) }
}

/** The colours of a picture's corners, as the browser shows it. */
const corners = (page: Page, selector: string): Promise<string[]> => page.locator(selector).first().evaluate(async element => {
  const image = element as HTMLImageElement
  await image.decode()
  const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 40 })
  const paint = canvas.getContext('2d')!
  const [width, height] = [image.naturalWidth, image.naturalHeight].map(n => n * 40 / Math.min(image.naturalWidth, image.naturalHeight)) as [number, number]
  paint.drawImage(image, (40 - width) / 2, (40 - height) / 2, width, height)
  return [[10, 10], [30, 10], [10, 30], [30, 30]].map(([x, y]) => [...paint.getImageData(x!, y!, 1, 1).data].slice(0, 3).map(v => (v > 127 ? '1' : '0')).join(''))
})
const STRAIGHT = ['100', '010', '001', '110']

test('a picture is chosen, seen as others will see it, saved and removed; colleagues see it at once', async ({ arrive, server }) => {
  const ann = await Client.register(server.url, 'ann', 'Ann Lee')
  const bob = await Client.register(server.url, 'bob', 'Bob')
  const { team } = await teamOf(ann, [{ client: bob, role: 'member' }])
  const [page, other, phone] = await Promise.all([arrive('ann', '/settings'), arrive('bob', `/t/${team}/members`), arrive('ann', '/settings', { deviceScaleFactor: 2 })])
  const group = page.getByRole('group', { name: 'Picture' })
  const row = other.getByRole('listitem').filter({ hasText: '@ann' })
  const chooser = page.waitForEvent('filechooser') // early: a press that is quicker than Playwright's listening is lost
  await expect(row).toContainText('AL')

  await group.getByRole('button', { name: 'Choose a picture' }).focus()
  await page.keyboard.press('Enter')
  await (await chooser).setFiles(await picture(page, 'image/jpeg'))
  await expect(group.getByRole('button', { name: 'Save picture' })).toBeFocused()
  await expect(page.getByText('This is what others will see.')).toBeVisible()
  expect(await corners(page, 'main img')).toEqual(STRAIGHT)
  await noViolations(page, 'preview')
  await group.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.locator('main img')).toHaveCount(0)

  await page.locator('input[type=file]').setInputFiles(await picture(page, 'image/webp'))
  await page.keyboard.press('Enter')
  await expect(group.getByRole('button', { name: 'Change picture' })).toBeFocused()
  await expect(page.locator('main img')).toHaveAttribute('src', /^\/avatars\/[0-9a-f]{32}-64\.jpg$/)
  expect(await corners(page, 'main img')).toEqual(STRAIGHT)
  await noViolations(page, 'a picture')
  // Also one's own other pages, and whoever is in a team with one.
  for (const elsewhere of [row.locator('img'), phone.locator('main img'), page.getByRole('button', { name: 'Ann Lee' }).locator('img')]) await expect(elsewhere).toBeVisible()
  expect(await corners(other, 'li:has-text("@ann") img')).toEqual(STRAIGHT)
  await expect(row).not.toContainText('AL')
  // As many pixels as the screen has: 72 need more than 64.
  expect(await page.locator('main img').evaluate(i => (i as HTMLImageElement).currentSrc)).toContain('-128.')
  expect(await row.locator('img').evaluate(i => (i as HTMLImageElement).currentSrc)).toContain('-32.')

  await page.getByLabel('Name', { exact: true }).fill('Ann Chu')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(row).toContainText('Ann Chu')
  await expect(phone.locator('main').getByText('Ann Chu', { exact: true })).toBeVisible()

  await group.getByRole('button', { name: 'Remove' }).click()
  await expect(group.getByRole('button', { name: 'Choose a picture' })).toBeFocused()
  await expect(row).toContainText('AC')
  await expect(other.locator('li:has-text("@ann") img')).toHaveCount(0)
})

test('what cannot be a picture is refused, and a picture that does not load leaves the initials in its place', async ({ arrive, server }) => {
  await Client.register(server.url, 'ann', 'Ann Lee')
  const page = await arrive('ann', '/settings')
  const input = page.locator('input[type=file]')
  const file = await picture(page, 'image/png')
  await input.setInputFiles({ ...file, name: 'me.svg', mimeType: 'image/svg+xml' })
  await expect(page.getByRole('alert')).toHaveText('The picture must be a PNG, JPEG, GIF or WebP file.')
  await input.setInputFiles({ ...file, buffer: Buffer.alloc(6 * 2 ** 20) })
  await expect(page.getByRole('alert')).toHaveText('The picture must have at most 5 MB: this one has 6.0 MB.')
  await expect(page.getByRole('button', { name: 'Save picture' })).toHaveCount(0)
  // The name and the type say PNG; the server looks inside.
  await input.setInputFiles({ ...file, buffer: await readFile(fileURLToPath(import.meta.url)) })
  await page.getByRole('button', { name: 'Save picture' }).click()
  await expect(page.getByRole('alert')).toHaveText('The picture must be a PNG, JPEG, GIF or WebP picture.')
  await noViolations(page, 'refused')

  await page.route('**/api/me/avatar', route => route.abort())
  await input.setInputFiles(file)
  await expect(page.getByRole('alert')).toHaveCount(0)
  await page.getByRole('button', { name: 'Save picture' }).click()
  await expect(page.getByRole('alert')).toContainText('cannot be reached')
  await page.unroute('**/api/me/avatar')
  await page.route('**/avatars/*', route => route.abort())
  await page.getByRole('button', { name: 'Save picture' }).click()
  await expect(page.getByRole('button', { name: 'Change picture' })).toBeVisible()
  await expect(page.locator('main').getByTitle('Ann Lee')).toHaveText('AL')
  expect(await page.locator('main').getByTitle('Ann Lee').boundingBox()).toMatchObject({ width: 72, height: 72 })
})
