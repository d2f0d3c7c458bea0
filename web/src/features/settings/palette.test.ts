import { expect, test } from 'vitest'
import { COLORS } from '@/lib/colors'
import { freshColor } from './palette'

test('colours come in turn, gray last', () => {
  expect(freshColor([])).toBe('red')
  expect(freshColor([{ color: 'red' }, { color: 'orange' }])).toBe('amber')
  expect(freshColor(COLORS.slice(1).map(color => ({ color })))).toBe('gray')
  expect(freshColor(COLORS.map(color => ({ color })))).toBe('red')
})
