import type { Edit } from './model'
import { PRIORITY_NAMES } from '@/lib/colors'

/** What an edit did, in words: "Assigned WEB-3 to Ann". `who` names a person. */
export function did(set: Edit, what: string, who: (id: string) => string | undefined): string {
  const names = Object.keys(set)
  if (names.length !== 1) return `Changed ${what}`
  if (set.title !== undefined) return `Renamed ${what}`
  if (set.description !== undefined) return `Changed the description of ${what}`
  if (set.priority !== undefined) return `Set the priority of ${what} to ${PRIORITY_NAMES[set.priority]}`
  if (set.labels !== undefined) return `Changed the labels of ${what}`
  if (set.assigned_to !== undefined) return set.assigned_to ? `Assigned ${what} to ${who(set.assigned_to) ?? 'somebody'}` : `Took ${what} from its assignee`
  if (set.due_at !== undefined) return set.due_at ? `Set the due date of ${what}` : `Cleared the due date of ${what}`
  return `Changed ${what}`
}
