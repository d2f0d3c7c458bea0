import { mergeSets, merge } from './diff'
import type { Conflict, Edit } from '@/features/tasks/model'

export type Choice = 'mine' | 'theirs' | 'both'
export type FieldName = keyof Edit
export interface ConflictingField {
  name: FieldName
  text: boolean
  base: unknown
  mine: unknown
  theirs: unknown
  /** Both changes in one value, where there can be one. */
  both?: unknown
  /** The merge needed no guess. */
  clean: boolean
}

/** The texts, and how long each may be. */
export const MOST: Partial<Record<FieldName, number>> = { title: 500, description: 100_000 }

/** The fields somebody has to choose about. */
export function fieldsOf({ set, was, theirs, fields }: Conflict): ConflictingField[] {
  const names = Object.keys(set).filter(name => !fields.length || fields.some(f => f.field === name)) as FieldName[]
  return names.map(name => {
    const [base, mine, their] = [was[name], set[name], theirs[name]]
    const field = { name, base, mine, theirs: their, text: name in MOST, clean: true }
    if (name === 'labels') return { ...field, both: mergeSets(base as string[] ?? [], mine as string[], their as string[]) }
    if (!field.text) return field
    const { text, clean } = merge(String(base ?? ''), String(mine ?? ''), String(their ?? ''), name === 'title' ? ' / ' : '\n')
    return text.length > MOST[name]! ? { ...field, clean: false } : { ...field, both: text, clean }
  })
}

/** What is to be saved: one's own choices, and what nobody contested. `texts` holds merged texts as they were reworked. */
export function outcome(conflict: Conflict, fields: readonly ConflictingField[], choices: Readonly<Record<string, Choice>>, texts: Readonly<Record<string, string>>): Edit {
  const out: Record<string, unknown> = {}
  for (const name of Object.keys(conflict.set) as FieldName[]) {
    const field = fields.find(f => f.name === name)
    const choice = field ? choices[name] ?? 'mine' : 'mine'
    if (choice === 'theirs') continue
    const value = choice === 'both' && field ? (field.text ? texts[name] ?? field.both : field.both) : conflict.set[name]
    if (JSON.stringify(value) !== JSON.stringify(conflict.theirs[name])) out[name] = value
  }
  return out as Edit
}
