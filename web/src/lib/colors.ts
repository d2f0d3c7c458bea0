import type { Color, Priority } from '@/api/types'

export const COLORS: readonly Color[] = ['gray', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'indigo', 'purple', 'pink']
export const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'medium', 'low', 'none']
export const PRIORITY_NAMES: Record<Priority, string> = { urgent: 'Urgent', high: 'High', medium: 'Medium', low: 'Low', none: 'No priority' }

/** The same id has the same colour everywhere; gray is left for "nobody". */
export function colorOf(id: string): Color {
  let hash = 0
  for (let i = 0; i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) | 0
  return COLORS[1 + (Math.abs(hash) % (COLORS.length - 1))]!
}

export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean)
  const letters = words.length > 1 ? [words[0]!, words.at(-1)!].map(w => [...w][0]) : [...(words[0] ?? '?')].slice(0, 2)
  return letters.join('').toUpperCase()
}
