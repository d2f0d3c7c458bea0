import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { reason, type Notification, type NotificationType } from '@/api'
import * as api from './api'
import { useNotifications } from './store'

export interface Wanted { types: readonly NotificationType[]; unread: boolean }

const newest = (a: Notification, b: Notification): number => (a.created_at !== b.created_at ? (a.created_at < b.created_at ? 1 : -1) : a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

/** One's notifications, newest first, filtered; live, and further back with `more`. */
export function useNotificationList(wanted: () => Wanted, limit: number) {
  const store = useNotifications()
  const cursor = ref<string | null>(null)
  /** The oldest one that is loaded: what is known from elsewhere and older leaves a gap. */
  const end = shallowRef<Notification | null>(null)
  const loaded = ref(false)
  const loading = ref(true)
  const failure = ref('')
  let run = 0

  const matches = (n: Notification): boolean => {
    const { types, unread } = wanted()
    return (!types.length || types.includes(n.type)) && (!unread || !store.isRead(n))
  }
  const rows = computed(() => {
    const last = cursor.value === null ? null : end.value
    return [...store.known.values()].filter(n => !store.hidden.has(n.id) && matches(n) && (!last || newest(n, last) <= 0)).sort(newest)
  })

  async function load(more = false): Promise<void> {
    const mine = ++run
    const { types, unread } = wanted()
    loading.value = true
    failure.value = ''
    const before = more ? [] : [...store.known.values()].filter(matches)
    try {
      const page = await api.list({ limit, ...(types.length && { type: types }), ...(unread && { is_read: false }), ...(more && { cursor: cursor.value }) })
      if (mine !== run) return
      const last = page.items.at(-1)
      const ids = new Set(page.items.map(n => n.id))
      // What should be in a fresh first page and is not, was deleted or read elsewhere: only the server knows which.
      store.forget(before.filter(n => !ids.has(n.id) && (page.next_cursor === null || (last && newest(n, last) <= 0))).map(n => n.id))
      store.accept(page.items)
      cursor.value = page.next_cursor
      end.value = last ?? null
      loaded.value = true
    } catch (error) {
      if (mine === run) failure.value = reason(error)
    } finally {
      if (mine === run) loading.value = false
    }
  }
  watch(() => JSON.stringify(wanted()), () => {
    cursor.value = null
    end.value = null
    loaded.value = false
    void load()
  }, { immediate: true })
  onScopeDispose(store.onReload(() => void load()))
  onScopeDispose(() => run++)
  const more = (): void => { if (cursor.value !== null && !loading.value) void load(true) }
  return { rows, cursor, loaded, loading, failure, reload: () => load(), more }
}
