import { expect, test } from 'vitest'
import { pictureFault } from './picture'

test('what is no picture, or too large, is told before it is sent', () => {
  for (const type of ['image/png', 'image/jpeg', 'image/gif', 'image/webp']) expect(pictureFault({ type, size: 5 * 2 ** 20 })).toBeUndefined()
  for (const type of ['image/svg+xml', 'image/heic', 'application/pdf', '']) expect(pictureFault({ type, size: 1 })).toMatch(/PNG, JPEG, GIF or WebP/)
  expect(pictureFault({ type: 'image/png', size: 7.25 * 2 ** 20 })).toBe('must have at most 5 MB: this one has 7.3 MB')
})
