import { computed, shallowRef } from 'vue'

const stack = shallowRef<readonly HTMLDialogElement[]>([])

/** The uppermost modal dialog. Everything outside of it is inert, so what must stay in reach (toasts) moves into it. */
export const topDialog = computed(() => stack.value.at(-1) ?? null)
export function dialogOpened(el: HTMLDialogElement): void {
  stack.value = [...stack.value.filter(d => d !== el), el]
}
export function dialogClosed(el: HTMLDialogElement): void {
  stack.value = stack.value.filter(d => d !== el)
}
