import { computed, ref, shallowRef } from 'vue'
import { ApiError, reason } from '@/api/errors'

/** A form's way to the server: `busy` while it is under way, messages per field, and one for all the rest. */
export function useSubmit<A extends unknown[]>(work: (...args: A) => Promise<unknown>) {
  const busy = ref(false)
  const error = shallowRef<unknown>(null)
  const shownFields = new Set<string>()
  /** The message for a field of the body; naming a field here keeps it out of `failure`. */
  function field(name: string): string | undefined {
    shownFields.add(name)
    return error.value instanceof ApiError ? error.value.field(name) : undefined
  }
  const failure = computed(() => {
    if (!error.value) return undefined
    const stated = error.value instanceof ApiError && error.value.errors.some(e => [...shownFields].some(n => e.location === `body.${n}` || e.location === n))
    return stated ? undefined : reason(error.value)
  })
  /** True when it went through. */
  async function submit(...args: A): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    error.value = null
    try {
      await work(...args)
      return true
    } catch (thrown) {
      error.value = thrown
      return false
    } finally {
      busy.value = false
    }
  }
  /** Takes the messages away: what they are about has changed. */
  const clear = (): void => void (error.value = null)
  return { busy, failure, field, submit, clear }
}
