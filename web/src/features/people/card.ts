import { shallowRef } from 'vue'

/** Whose profile card is open, and beside what. `hover`: it leaves with the pointer and takes no focus. */
export interface Shown { username: string; anchor: HTMLElement; hover: boolean }
export const shown = shallowRef<Shown | null>(null)

const CALM = 450
const LEAVE = 250
let timer: ReturnType<typeof setTimeout> | undefined

export function openProfile(username: string, anchor: HTMLElement): void {
  clearTimeout(timer)
  shown.value = { username, anchor, hover: false }
}
/** The pointer rests on a name. */
export function hoverProfile(username: string, anchor: HTMLElement): void {
  clearTimeout(timer)
  if (shown.value?.anchor === anchor || shown.value?.hover === false) return
  timer = setTimeout(() => { if (anchor.isConnected) shown.value = { username, anchor, hover: true } }, CALM)
}
export function leaveProfile(): void {
  clearTimeout(timer)
  if (shown.value?.hover) timer = setTimeout(closeProfile, LEAVE)
}
/** The pointer came from the name onto the card. */
export const stayProfile = (): void => clearTimeout(timer)
export function closeProfile(): void {
  clearTimeout(timer)
  shown.value = null
}
