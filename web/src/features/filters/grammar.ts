import { fold } from '@/lib/fold'
import type { Option } from '@/ui/combobox'
import { FIELD_NAMES, type Vocabulary } from './scope'
import { isDate, MANY, type DateField, type Filters, type ManyField } from './state'

// Filters as they are typed: `status:done assignee:me label:"good first issue" due:overdue created-by:ana words`.

const NAMES: Record<string, ManyField | DateField | 'is'> = {
  'status': 'status', 'category': 'category', 'priority': 'priority', 'label': 'label', 'assignee': 'assignee', 'created-by': 'created_by', 'created_by': 'created_by',
  'due': 'due', 'created': 'created', 'completed': 'completed', 'is': 'is',
}
const KNOWN = 'status, category, priority, label, assignee, created-by, due, created, completed, is'
// A name, a colon, and values: words or quoted texts with commas between them.
const TERM = /(?<=^|\s)([\p{L}][\p{L}_-]*):((?:"[^"]*"|[^\s"])+)(?=\s|$)/gu
/** A term that is still being written: it has no value yet, or its quotes are open. */
const BEGUN = /(?<=^|\s)[\p{L}][\p{L}_-]*:(?!\/\/)(?:(?:"[^"]*"|[^\s"])*"[^"]*|[^\s"]*)$/u

export interface Read {
  /** What the terms add to the filters that are there. */
  change: Partial<Filters>
  /** The text without the terms that were understood. */
  rest: string
  /** What was not understood, and what would be. */
  problems: string[]
}

/** Takes the whole terms out of a text. */
export function read(text: string, held: Filters, vocabulary: Vocabulary): Read {
  const change: Partial<Filters> = {}
  const problems: string[] = []
  const rest = text.replace(TERM, (term, name: string, values: string) => {
    if (values.startsWith('//')) return term // an address
    const field = Object.hasOwn(NAMES, name.toLowerCase()) ? NAMES[name.toLowerCase()] : undefined
    const problem = field === undefined ? `There is no filter “${name}”. There are ${KNOWN}.` : take(field, partsOf(values))
    if (!problem) return ''
    problems.push(problem)
    return term
  })
  return { change, rest: rest.replace(/\s+/g, ' ').trimStart(), problems }

  function take(field: ManyField | DateField | 'is', parts: string[]): string {
    if (field === 'is') {
      if (parts.join() !== 'open') return `“is:${parts.join()}” means nothing. There is is:open.`
      change.open = true
      return ''
    }
    if (!isMany(field)) {
      const [value = ''] = parts.map(p => p.toLowerCase())
      if (parts.length > 1 || !isDate(field, value)) return `“${parts.join()}” is no date for ${field}. Write ${field === 'due' ? 'overdue, today, week, none, ' : ''}2026-11-23 or 2026-11-01..2026-11-30.`
      change[field] = value
      return ''
    }
    const ids: string[] = []
    for (const part of parts) {
      const found = find(part, vocabulary[field])
      if (typeof found === 'string') return sentence(field, part, found)
      ids.push(found.value)
    }
    Object.assign(change, { [field]: [...new Set([...(change[field] ?? held[field]), ...ids])] })
    return ''
  }
}
const isMany = (field: ManyField | DateField): field is ManyField => (MANY as readonly string[]).includes(field)
const partsOf = (values: string): string[] => (values.match(/(?:"[^"]*"|[^,"])+/g) ?? []).map(v => v.replace(/"/g, '').trim()).filter(Boolean)

/** By its name, id or username; the beginning is enough when it is one's alone. Else what there is instead. */
function find(wanted: string, options: readonly Option[]): Option | string {
  const name = fold(wanted.replace(/^@/, ''))
  const names = (o: Option): string[] => [o.value, o.label, o.hint ?? ''].map(fold)
  const exact = options.find(o => o.value === wanted) ?? options.find(o => names(o).includes(name))
  if (exact) return exact
  const begun = name ? options.filter(o => names(o).slice(1).some(n => n.startsWith(name))) : []
  if (begun.length === 1) return begun[0]!
  return listed(begun.length ? begun : options)
}
function listed(options: readonly Option[]): string {
  const some = options.slice(0, 6).map(o => o.label).join(', ')
  return options.length > 6 ? `${some} and ${options.length - 6} more` : some
}
function sentence(field: ManyField, wanted: string, there: string): string {
  const name = FIELD_NAMES[field].toLowerCase()
  return there ? `${FIELD_NAMES[field]} “${wanted}” is not known. There ${there.includes(',') ? 'are' : 'is'} ${there}.` : `There is no ${name} to filter by here.`
}

/** The words that can be searched while a text is being written: without its terms, whole or begun. */
export const wordsOf = (text: string): string => text.replace(TERM, (term, _name, values: string) => (values.startsWith('//') ? term : '')).replace(BEGUN, '').replace(/\s+/g, ' ').trim()
/** Whether its last term is done with, so that it can become a chip. */
export const ended = (text: string): boolean => /\s$/.test(text) && !BEGUN.test(text)
