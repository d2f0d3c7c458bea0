import type { Color, User } from '@/api/types'

/** What can be chosen in a Combobox. */
export interface Option<T extends string | null = string> {
  value: T
  label: string
  /** Also searched, e.g. a username. */
  hint?: string
  color?: Color
  user?: User
  disabled?: boolean
}

const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** Every word has to occur; what begins with the query comes first. */
export function matching<O extends Option<string | null>>(options: readonly O[], query: string): O[] {
  const words = fold(query).split(/\s+/).filter(Boolean)
  if (!words.length) return [...options]
  const hits = options.filter(o => words.every(w => fold(`${o.label} ${o.hint ?? ''}`).includes(w)))
  const first = (o: O): number => (fold(o.label).startsWith(words[0]!) ? 0 : 1)
  return hits.sort((a, b) => first(a) - first(b))
}
