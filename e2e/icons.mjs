// Draws web/public/favicon.svg into the PNG files that phones and desktops show: npm --prefix e2e run icons
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from '@playwright/test'

const dir = join(import.meta.dirname, '..', 'web', 'public')
const mark = await readFile(join(dir, 'favicon.svg'), 'utf8')
/** To the edges, for whoever cuts a shape of their own; the mark stays within the circle of 80 % that they all leave. */
const full = mark.replace('viewBox="0 0 32 32"', 'viewBox="-5 -5 42 42"').replace(/<rect[^>]*>/, '<rect x="-9" y="-9" width="50" height="50" fill="#4a4fd0"/>')

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
for (const [name, size, svg] of [['icon-192', 192, mark], ['icon-512', 512, mark], ['icon-maskable-512', 512, full], ['apple-touch-icon', 180, full]]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } })
  await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>${svg}`)
  await page.screenshot({ path: join(dir, `${name}.png`), omitBackground: true })
  await page.close()
}
await browser.close()
