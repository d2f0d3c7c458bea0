import { computed, reactive, watch } from 'vue'

/**
 * A form over something that others may change meanwhile. A field that nobody has touched here follows the live value;
 * a touched one keeps what was typed, and `theirs` tells what it has become elsewhere.
 * `of` names the thing: another one starts afresh.
 */
export function useFollowing<T extends Record<string, string>>(of: () => string, live: () => T) {
  const form = reactive({ ...live() }) as T
  const base = reactive({ ...live() }) as T
  const meanwhile = reactive(new Map<keyof T, string>())
  const fields = Object.keys(form) as (keyof T)[]
  const touched = (field: keyof T): boolean => form[field] !== base[field]

  watch([of, live] as const, ([id, next], [oldId]) => {
    for (const field of fields) {
      if (id !== oldId) meanwhile.delete(field)
      if (id === oldId && next[field] === base[field]) continue
      if (id !== oldId || !touched(field)) form[field] = next[field]
      else if (form[field] !== next[field]) meanwhile.set(field, next[field]!)
      base[field] = next[field]
    }
  })

  const changed = computed(() => fields.some(touched))
  /** Only what was touched, so that saving does not take back what others have changed beside it. */
  function changes(): Partial<T> {
    return Object.fromEntries(fields.filter(touched).map(field => [field, form[field]])) as Partial<T>
  }
  /** These went through: from here on they follow what the server made of them. */
  function sent(values: Partial<T>): void {
    for (const field of Object.keys(values) as (keyof T)[]) {
      base[field] = values[field]!
      meanwhile.delete(field)
    }
  }
  function discard(): void {
    Object.assign(form, base)
    meanwhile.clear()
  }
  /** For the hint below a field. */
  function theirs(field: keyof T): string | undefined {
    const value = meanwhile.get(field)
    return value === undefined || !touched(field) ? undefined : value ? `Somebody changed it to “${value}” meanwhile.` : 'Somebody emptied it meanwhile.'
  }
  return { form, changed, changes, sent, discard, theirs }
}
