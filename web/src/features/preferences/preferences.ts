import { computed, ref, shallowRef } from 'vue'
import { reason, type NotificationType, type Preferences, type TypePreference } from '@/api'
import { get, put } from '@/api/client'
import { useToast } from '@/ui/toast'

export type Change = Partial<Omit<Preferences, 'types' | 'timezone'>> & { types?: Partial<Record<NotificationType, TypePreference>> }

export function withChange(on: Preferences, change: Change): Preferences {
  return { ...on, ...change, types: { ...on.types, ...change.types } }
}

/** What one wants to hear of. Each change is saved at once, one after the other; a refused one is taken back. */
export function usePreferences() {
  const toast = useToast()
  const server = shallowRef<Preferences | null>(null)
  /** On their way to the server. */
  const pending = shallowRef<readonly Change[]>([])
  const shown = computed(() => (server.value ? pending.value.reduce(withChange, server.value) : null))
  const saving = computed(() => pending.value.length > 0)
  const saved = ref(false)
  let tail: Promise<unknown> = Promise.resolve()

  async function load(): Promise<void> {
    server.value = await get<Preferences>('/me/notification-preferences')
  }
  function change(part: Change): Promise<void> {
    pending.value = [...pending.value, part]
    saved.value = false
    const done = tail.then(async () => {
      try {
        server.value = await put<Preferences>('/me/notification-preferences', part)
        saved.value = true
      } catch (error) {
        toast.error(`Could not save that. ${reason(error)}`)
      } finally {
        pending.value = pending.value.filter(it => it !== part)
      }
    })
    tail = done
    return done
  }
  function setType(type: NotificationType, part: Partial<TypePreference>): void {
    if (shown.value) void change({ types: { [type]: { ...shown.value.types[type], ...part } } })
  }
  return { shown, saving, saved, load, change, setType }
}
