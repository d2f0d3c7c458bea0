import { watchEffect } from 'vue'

/** The page's title, in the tab and in the history: `useTitle(() => project.name)`. */
export function useTitle(title: () => string | undefined): void {
  watchEffect(() => setTitle(title()))
}
export function setTitle(title: string | undefined): void {
  document.title = title ? `${title} · Tandem` : 'Tandem'
}
