import type { Color } from '@/api'
import { COLORS } from '@/lib/colors'

/** A colour for the next one: the first of those used least, gray last. */
export function freshColor(used: readonly { color: Color }[]): Color {
  const count = (color: Color): number => used.filter(it => it.color === color).length
  const order = [...COLORS.slice(1), COLORS[0]!]
  return order.reduce((best, color) => (count(color) < count(best) ? color : best))
}
