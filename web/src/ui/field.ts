import { computed, inject, provide, useId, type ComputedRef, type InjectionKey } from 'vue'

interface FieldContext { id: string; describedby: ComputedRef<string | undefined>; invalid: ComputedRef<boolean> }
const KEY: InjectionKey<FieldContext> = Symbol('field')

/** Ties a control to its label, hint and error. */
export function provideField(state: { error: () => string | undefined; hint: () => boolean }) {
  const id = useId()
  const describedby = computed(() => [state.error() && `${id}-error`, state.hint() && `${id}-hint`].filter(Boolean).join(' ') || undefined)
  const context = { id, describedby, invalid: computed(() => Boolean(state.error())) }
  provide(KEY, context)
  return context
}
/** Attributes for a control inside a Field; empty outside of one. */
export function useField(): ComputedRef<Record<string, unknown>> {
  const field = inject(KEY, null)
  return computed(() => (field ? { id: field.id, 'aria-describedby': field.describedby.value, 'aria-invalid': field.invalid.value || undefined } : {}))
}
