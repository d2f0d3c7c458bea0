import { describe, expect, test } from 'vitest'
import css from './style.css?raw'

type Theme = 'light' | 'dark'
const COLORS = ['gray', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'indigo', 'purple', 'pink']

function tokens(block: string, theme: Theme): Map<string, string> {
  const out = new Map<string, string>()
  for (const [, name, light, dark] of block.matchAll(/--([\w-]+):\s*light-dark\((#\w{6}), (#\w{6})\)/g)) out.set(name!, theme === 'light' ? light! : dark!)
  for (const [, name, value] of block.matchAll(/--([\w-]+):\s*(#\w{6});/g)) out.set(name!, value!)
  return out
}
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map(i => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}
function contrast(a: string, b: string): number {
  const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (hi! + 0.05) / (lo! + 0.05)
}

describe.each<Theme>(['light', 'dark'])('%s theme', theme => {
  const root = tokens(css.slice(css.indexOf(':root {'), css.indexOf(":root[data-theme='light']")), theme)
  const color = (name: string) => root.get(name) ?? expect.fail(`no token --${name}`)
  const grounds = ['canvas', 'surface', 'raised', 'sunken', 'hover']

  test.each(['ink', 'dim', 'faint', 'accent', 'danger'])('text in --%s is readable on every ground', name => {
    for (const ground of grounds) expect.soft(contrast(color(name), color(ground)), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5)
  })
  test.each([
    ['on-solid', 'solid'], ['on-solid', 'solid-hover'], ['on-solid', 'danger-solid'], ['on-solid', 'danger-solid-hover'], ['soft-ink', 'soft'],
    ['danger', 'danger-soft'], ['warn-ink', 'warn-soft'], ['ok-ink', 'ok-soft'], ['ink', 'active'], ['ink', 'soft'], ['accent', 'soft'],
  ])('--%s is readable on --%s', (text, ground) => {
    expect(contrast(color(text), color(ground))).toBeGreaterThanOrEqual(4.5)
  })
  test('borders of controls and the focus ring stand out from every ground', () => {
    for (const ground of ['canvas', 'surface', 'raised']) {
      expect.soft(contrast(color('edge'), color(ground)), ground).toBeGreaterThanOrEqual(3)
      expect.soft(contrast(color('focus'), color(ground)), ground).toBeGreaterThanOrEqual(3)
    }
  })
  test.each(COLORS)('a %s chip is readable and its dot shows', name => {
    const line = css.split('\n').find(l => l.startsWith(`[data-color='${name}']`)) ?? expect.fail('no such colour')
    const chip = tokens(line, theme)
    expect(contrast(chip.get('chip-ink')!, chip.get('chip')!)).toBeGreaterThanOrEqual(4.5)
    for (const ground of grounds) expect.soft(contrast(chip.get('dot')!, color(ground)), `dot on ${ground}`).toBeGreaterThanOrEqual(3)
  })
})
