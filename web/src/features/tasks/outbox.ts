import { drop, keys, load, save } from '@/lib/storage'
import type { Op } from './model'

/**
 * Writes that have not been answered yet, kept over a reload. Sending one again is harmless, because its key makes the
 * server answer as it did the first time and `was` keeps an edit from undoing what came after it.
 */
export interface Kept { id: string; user: string; does: string; op: Op; at: number }

const PREFIX = 'out:'
/** The server remembers keys for 24 hours; later a repeat could do a thing twice. */
const TTL = 23 * 3_600_000

export const keep = (kept: Kept): void => save(PREFIX + kept.id, kept, TTL)
export const forget = (id: string): void => drop(PREFIX + id)

/** What an earlier page left behind, oldest first. Drafts' successors cannot be sent without them, so order matters. */
export function leftovers(user: string, sent: (id: string) => boolean): Kept[] {
  return keys(PREFIX)
    .map(key => load<Kept>(key))
    .filter((kept): kept is Kept => kept !== undefined && kept.user === user && !sent(kept.id))
    .sort((a, b) => a.at - b.at)
}
