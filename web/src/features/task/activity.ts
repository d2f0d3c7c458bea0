import type { ActivityItem, Label, Status, User } from '@/api'
import { PRIORITY_NAMES } from '@/lib/colors'
import { day } from '@/lib/time'

/** Names for the ids that an activity item holds. */
export interface Names {
  status(slug: string): Pick<Status, 'name'> | undefined
  member(id: string): Pick<User, 'name'> | undefined
  label(id: string): Pick<Label, 'name'> | undefined
}

const FIELDS: Record<string, string> = { title: 'the title', description: 'the description', priority: 'the priority', due_at: 'the due date', labels: 'the labels', assigned_to: 'the assignee', status: 'the status' }

/** What somebody did, to stand behind their name: "moved it from To do to Done". */
export function sentence(item: Pick<ActivityItem, 'type' | 'changes'>, names: Names): string {
  const parts = Object.entries(item.changes).map(([field, { from, to }]) => change(field, from, to, names)).filter(part => part !== '')
  switch (item.type) {
    case 'created': return 'created the task'
    case 'imported': return 'imported the task'
    case 'deleted': return 'deleted the task'
    case 'restored': return 'restored the task'
    case 'commented': return 'commented'
    default: return parts.length ? listed(parts) : item.type === 'moved' ? 'moved the task within its column' : 'changed the task'
  }
}

function change(field: string, from: unknown, to: unknown, names: Names): string {
  const status = (slug: unknown): string => names.status(String(slug))?.name ?? String(slug)
  const person = (id: unknown): string => names.member(String(id))?.name ?? 'somebody'
  switch (field) {
    case 'status': return `moved it from ${status(from)} to ${status(to)}`
    case 'assigned_to': return to ? `assigned it to ${person(to)}` : `took it from ${person(from)}`
    case 'priority': return `set the priority to ${PRIORITY_NAMES[to as keyof typeof PRIORITY_NAMES] ?? String(to)}`
    case 'title': return `renamed it from “${String(from)}” to “${String(to)}”`
    case 'due_at': return to ? `set the due date to ${day(String(to))}` : 'removed the due date'
    case 'labels': return labels(ids(from), ids(to), names)
    case 'position': case 'completed_at': case 'project_id': case 'deleted_at': return ''
    default: return `changed ${FIELDS[field] ?? field}`
  }
}
const ids = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
function labels(from: string[], to: string[], names: Names): string {
  const name = (id: string): string => names.label(id)?.name ?? 'a deleted label'
  const [added, removed] = [to.filter(id => !from.includes(id)).map(name), from.filter(id => !to.includes(id)).map(name)]
  return listed([added.length && `added ${listed(added)}`, removed.length && `removed ${listed(removed)}`].filter(part => typeof part === 'string'))
}
const listed = (parts: string[]): string => (parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`)
