import { computed, shallowRef } from 'vue'
import type { RouteLocationRaw } from 'vue-router'
import type { Color, User } from '@/api/types'
import type { IconName } from '@/ui/icons'

/** One line of the palette. */
export interface Item {
  id: string
  label: string
  /** Beside the label, and searched too. */
  hint?: string
  group?: string
  icon?: IconName
  color?: Color
  user?: User
  /** As in the catalogue. */
  keys?: string
  /** A tick: all of them, some of them, none. */
  checked?: boolean | 'some'
  to?: RouteLocationRaw
  run?: () => void
  /** Asks further instead of closing. */
  step?: () => Step
}
/** What the palette asks. */
export interface Step {
  /** Its name, above the field. Empty: the first step. */
  title: string
  placeholder: string
  /** What is there for these words; what it returns is matched by label and hint, unless `found`. */
  items: (query: string) => readonly Item[]
  /** Chosen lines are switched on and off; it stays open. */
  many?: boolean
  /** Goes back to where it was called from. */
  after?: () => void
}

const stack = shallowRef<readonly Step[]>([])
export const step = computed(() => stack.value.at(-1))
export const deep = computed(() => stack.value.length > 1)

export function openPalette(first: Step): void {
  stack.value = [first]
}
export function goOn(next: Step): void {
  stack.value = [...stack.value, next]
}
export function goBack(): void {
  stack.value = stack.value.slice(0, -1)
}
export function closePalette(): void {
  const { after } = stack.value[0] ?? {}
  stack.value = []
  after?.()
}
