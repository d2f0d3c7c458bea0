import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { NotificationType } from '@/api'
import { TYPES, TYPE_NAMES } from './types'
import type { Wanted } from './useNotificationList'

/** What the page shows is in its address: ?type=mention,task_assigned&show=unread. */
export function fromQuery(query: LocationQuery): Wanted {
  const text = typeof query.type === 'string' ? query.type.split(',') : []
  return { types: TYPES.filter(t => text.includes(t)), unread: query.show === 'unread' }
}
export function toQuery({ types, unread }: Wanted): LocationQueryRaw {
  return { ...(types.length && { type: types.join(',') }), ...(unread && { show: 'unread' }) }
}
/** What an empty page says. */
export function nothing({ types, unread }: Wanted): { title: string; text: string } {
  const names = new Intl.ListFormat('en', { type: 'disjunction' }).format(types.map((t: NotificationType) => TYPE_NAMES[t].toLowerCase()))
  if (unread && types.length) return { title: `No unread ${names}`, text: 'You have seen all of them.' }
  if (unread) return { title: 'All caught up', text: 'There is nothing that you have not read.' }
  if (types.length) return { title: `No ${names}`, text: 'Take the filter away to see the others.' }
  return { title: 'Nothing has happened yet', text: 'You hear of it here when somebody mentions you, assigns a task to you, or comments on one of yours.' }
}
