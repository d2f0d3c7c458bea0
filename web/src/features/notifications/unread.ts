import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, watchEffect } from 'vue'
import type { NotificationMessage, UserMessage } from '@/api'
import { get } from '@/api/client'
import { useStream } from '@/features/realtime/stream'
import { announce } from '@/lib/announce'
import { load } from '@/lib/storage'
import { setBadge } from '@/lib/title'

/** How many notifications are unread. All that the first page needs of them; the rest comes when it is asked for. */
export const useUnread = defineStore('unread', () => {
  const stream = useStream()
  const server = ref(0)
  /** Unread at the server, but not here any more: what is on its way there. */
  const leaving = shallowReactive(new Set<string>())
  const allLeaving = ref(false)
  const count = computed(() => (allLeaving.value ? 0 : Math.max(0, server.value - leaving.size)))
  watchEffect(() => setBadge(count.value))

  /** How often the server has told the number. */
  let told = 0
  /** The server's number; `ids` are not unread there any more. */
  function settle(unread: number, ids: Iterable<string> = []): void {
    for (const id of ids) leaving.delete(id)
    server.value = unread
    told++
  }
  function seed(unread: number | undefined): void {
    if (unread !== undefined) server.value = unread
  }
  /** Reads the number again; true: it was another one. An answer that a message overtook may be the older of the two. */
  async function refresh(): Promise<boolean> {
    const old = server.value
    for (let before = -1; before !== told;) {
      before = told
      const { count } = await get<{ count: number }>('/notifications/unread')
      if (before === told) server.value = count
    }
    return server.value !== old
  }
  stream.listenPersonal(message => {
    if (!isNotification(message)) return
    if (message.type === 'notification.created') {
      announce(message.notification.title)
      if (load('desktop')) void import('./desktop').then(it => it.show(message.notification)).catch(() => undefined)
      settle(message.unread)
    } else settle(message.unread, message.type === 'notification.read' && message.all ? [...leaving] : message.ids)
  })
  stream.onGap(() => void refresh().catch(() => undefined))
  function reset(): void {
    leaving.clear()
    allLeaving.value = false
    server.value = 0
  }
  return { count, server, leaving, allLeaving, seed, settle, refresh, reset }
})

export const isNotification = (message: UserMessage): message is NotificationMessage => message.type.startsWith('notification.')
