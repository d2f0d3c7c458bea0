import { watchEffect } from 'vue'

/** The page's title, in the tab and in the history: `useTitle(() => project.name)`. */
export function useTitle(title: () => string | undefined): void {
  watchEffect(() => setTitle(title()))
}
export function setTitle(title: string | undefined): void {
  name = title ? `${title} · Tandem` : 'Tandem'
  show()
}
/** Stands before every title of this tab, as long as it is not 0. */
export function setBadge(count: number): void {
  badge = count
  show()
}
let name = 'Tandem'
let badge = 0
function show(): void {
  document.title = badge ? `(${badgeText(badge)}) ${name}` : name
}
export const badgeText = (count: number): string => (count > 99 ? '99+' : String(count))
