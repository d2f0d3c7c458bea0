// Positions: base-62 keys that sort as plain strings. The server makes the same keys; these are only a guess at its
// answer, so that a moved task lands where it will stay.
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing'

/** A key between two neighbours; null is the open end. Falls back to an end when the neighbours are out of order. */
export function between(a: string | null, b: string | null): string {
  return spread(a, b, 1)[0]!
}

export function spread(a: string | null, b: string | null, count: number): string[] {
  try {
    return generateNKeysBetween(a, b, count)
  } catch {
    // Equal or foreign keys (another version's): any place beside `a` will do until the server answers.
    const base = a ?? b ?? generateKeyBetween(null, null)
    return Array.from({ length: count }, (_, i) => `${base}V${i + 1}`)
  }
}
