import type { User } from '@/api/types'

/** An @ that is being typed: where it stands, and what follows it up to the caret. */
export interface Typed { start: number; query: string }

const MOST = 8
/** As the server reads mentions: no word, no other @ and no path right before it. */
const BEFORE = /(^|[^\p{L}\p{N}_@/])@([\p{L}\p{N}\p{M}._-]{0,40})$/u

/** The mention that the caret is in, unless it is within code. */
export function mentionAt(text: string, caret: number): Typed | null {
  const before = text.slice(0, caret)
  const line = before.slice(before.lastIndexOf('\n') + 1)
  const found = BEFORE.exec(line)
  if (!found || inCode(before, line)) return null
  const query = found[2]!
  return { start: caret - query.length - 1, query }
}
function inCode(before: string, line: string): boolean {
  const fences = before.split('\n').filter(l => /^ {0,3}(```|~~~)/.test(l)).length
  return fences % 2 === 1 || (line.split('`').length - 1) % 2 === 1
}

const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss').replaceAll('ø', 'o').replaceAll('ł', 'l')

/** Who may be meant: those with a stake in the task first (in the order given), then by name. */
export function candidates<U extends Pick<User, 'id' | 'name' | 'username'>>(members: readonly U[], query: string, onTask: readonly string[], me?: string): U[] {
  const wanted = fold(query)
  const fits = (user: U): boolean => {
    const username = fold(user.username)
    return !wanted || username.startsWith(wanted) || fold(user.name).split(/[\s.'-]+/).some(word => word.startsWith(wanted)) || fold(user.name).replace(/\s+/g, '').startsWith(wanted)
  }
  const place = (user: U): number => { const at = onTask.indexOf(user.id); return at < 0 ? onTask.length : at }
  return members
    .filter(user => user.id !== me && fits(user))
    .sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name) || a.username.localeCompare(b.username))
    .slice(0, MOST)
}
