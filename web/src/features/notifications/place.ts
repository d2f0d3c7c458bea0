import { useRouter } from 'vue-router'
import type { Notification } from '@/api'
import { pathOf } from './links'
import { useNotifications } from './store'

/** Goes to where a notification points, and marks it as read. */
export function useGoThere(): (notification: Notification) => void {
  const router = useRouter()
  const store = useNotifications()
  return notification => {
    void store.read([notification.id])
    const to = router.resolve(pathOf(notification.link))
    // The place one is at is gone to as well: its comment is shown once more.
    const here = to.fullPath === router.currentRoute.value.fullPath
    void router.push({ path: to.path, query: to.query, ...(here && { force: true, replace: true }) })
  }
}
