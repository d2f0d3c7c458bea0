import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { ApiError, reason, type Notification, type NotificationType } from '@/api'
import { useStream } from '@/features/realtime/stream'
import { useSession } from '@/features/session/store'
import { useToast } from '@/ui/toast'
import * as api from './api'
import { isNotification, useUnread } from './unread'

/** For as long as a deletion can be taken back, nobody is told of it. */
const GRACE = 5000
interface Doomed { ids: string[]; timer: ReturnType<typeof setTimeout>; toast: number }

/** One's notifications, as far as they are loaded. View = what the server said, without what is on its way there. */
export const useNotifications = defineStore('notifications', () => {
  const unread = useUnread()
  const toast = useToast()
  const stream = useStream()
  const known = shallowReactive(new Map<string, Notification>())
  /** Deleted here, not yet there. */
  const hidden = shallowReactive(new Set<string>())
  /** Read here while the server was out of reach. */
  const unsent = new Set<string>()
  const reloads = new Set<() => void>()
  let doomed: Doomed | null = null

  const isRead = (n: Notification): boolean => n.is_read || unread.allLeaving || unread.leaving.has(n.id)
  function accept(items: readonly Notification[]): void {
    for (const item of items) {
      known.set(item.id, item)
      // Somebody read it elsewhere meanwhile.
      if (item.is_read) unread.leaving.delete(item.id)
    }
  }
  function forget(ids: Iterable<string>): void {
    for (const id of ids) {
      known.delete(id)
      hidden.delete(id)
    }
  }
  function mark(ids: Iterable<string>): void {
    for (const id of ids) {
      const held = known.get(id)
      if (held && !held.is_read) known.set(id, { ...held, is_read: true })
    }
  }

  /** Marks as read at once. Without a network that stays, and is sent later. */
  async function read(ids: readonly string[]): Promise<void> {
    const fresh = ids.filter(id => { const held = known.get(id); return held && !isRead(held) })
    for (const id of fresh) unread.leaving.add(id)
    for (const part of chunks(fresh)) await send(part)
  }
  async function send(ids: string[]): Promise<void> {
    try {
      const { count } = await api.read(ids)
      mark(ids)
      unread.settle(count, ids)
      for (const id of ids) unsent.delete(id)
    } catch (error) {
      if (error instanceof ApiError && error.isNetwork) {
        for (const id of ids) unsent.add(id)
        return
      }
      for (const id of ids) {
        unread.leaving.delete(id)
        unsent.delete(id)
      }
      failed('mark that as read', error)
    }
  }
  async function readAll(type?: NotificationType): Promise<void> {
    const ids = [...known.values()].filter(n => !isRead(n) && (!type || n.type === type)).map(n => n.id)
    for (const id of ids) unread.leaving.add(id)
    if (!type) unread.allLeaving = true
    try {
      const { count } = await api.readAll(type)
      mark(ids)
      unread.settle(count, ids)
    } catch (error) {
      for (const id of ids) unread.leaving.delete(id)
      failed('mark all as read', error)
    } finally {
      if (!type) unread.allLeaving = false
    }
  }
  /** Takes them away at once; the server hears of it when it is too late for second thoughts. */
  function remove(ids: readonly string[]): void {
    void flush()
    for (const id of ids) {
      const held = known.get(id)
      if (held && !isRead(held)) unread.leaving.add(id)
      hidden.add(id)
    }
    const text = ids.length === 1 ? 'Notification deleted' : `${ids.length} notifications deleted`
    const shown = toast.show(text, { timeout: GRACE, action: { label: 'Undo', run: () => { if (doomed === mine) undo() } } })
    const mine: Doomed = { ids: [...ids], timer: setTimeout(() => void flush(), GRACE), toast: shown }
    doomed = mine
  }
  function undo(): void {
    if (!doomed) return
    clearTimeout(doomed.timer)
    back(doomed.ids)
    doomed = null
  }
  function back(ids: readonly string[]): void {
    for (const id of ids) {
      hidden.delete(id)
      if (!unsent.has(id)) unread.leaving.delete(id)
    }
  }
  async function flush(keepalive = false): Promise<void> {
    if (!doomed) return
    const { ids, timer, toast: shown } = doomed
    doomed = null
    clearTimeout(timer)
    toast.close(shown)
    for (const part of chunks(ids)) {
      try {
        const { count } = await api.remove(part, { keepalive })
        forget(part)
        unread.settle(count, part)
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) {
          forget(part) // some of them were deleted elsewhere: the list says what is left
          unread.settle(unread.server, part)
          void unread.refresh().catch(() => undefined)
          reload()
          continue
        }
        back(part)
        failed('delete that', error)
      }
    }
  }
  function failed(what: string, error: unknown): void {
    if (error instanceof ApiError && error.status === 404) return reload() // it is gone: nothing to tell
    toast.error(`Could not ${what}. ${reason(error)}`)
  }

  stream.listenPersonal(message => {
    if (!isNotification(message)) return
    if (message.type === 'notification.created') accept([message.notification])
    else if (message.type === 'notification.read') mark(message.all ? [...known.keys()] : message.ids ?? [])
    else forget(message.ids)
  })
  stream.onGap(recovered => void catchUp(recovered).catch(() => undefined))
  async function catchUp(recovered: boolean): Promise<void> {
    for (const part of chunks([...unsent])) await send(part)
    if (!recovered || (await unread.refresh())) reload()
  }
  function reload(): void {
    for (const run of reloads) run()
  }
  /** Runs when what is shown may be out of date. */
  function onReload(run: () => void): () => void {
    reloads.add(run)
    return () => reloads.delete(run)
  }
  addEventListener('pagehide', () => void flush(true))
  useSession().onEnd(() => {
    if (doomed) clearTimeout(doomed.timer)
    doomed = null
    unsent.clear()
    hidden.clear()
    known.clear()
  })
  return { known, hidden, isRead, accept, forget, read, readAll, remove, onReload }
})

function chunks(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / api.MOST) }, (_, i) => ids.slice(i * api.MOST, (i + 1) * api.MOST))
}
