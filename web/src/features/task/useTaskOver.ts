import { watch } from 'vue'
import { useRoute, useRouter, type RouteLocationRaw } from 'vue-router'

/** Closing a task that an address opens over a page: back to where it was opened, and the focus to its row. */
export function useTaskOver(taskKey: () => string | null, page: () => RouteLocationRaw, isPage: (path: string) => boolean): { close: () => void } {
  const router = useRouter()
  const route = useRoute()
  function close(): void {
    const { back } = router.options.history.state
    // Back, when the dialog was opened from here; else the address was followed from elsewhere.
    if (typeof back === 'string' && isPage(back)) router.back()
    else void router.replace({ ...(page() as object), query: { ...route.query, comment: undefined } })
  }
  /** The focus goes to the row of the task that was open last, which need not be the one that was opened; without one, to the heading. */
  watch(taskKey, (now, before) => {
    const focus = document.activeElement
    if (now || !before || (focus !== document.body && !focus?.closest('[data-task]'))) return
    const row = [...document.querySelectorAll<HTMLElement>('[data-card],[data-row]')].find(link => link.getAttribute('href')?.split('?')[0]!.endsWith(`/${before}`))
    ;(row ?? (focus === document.body ? document.querySelector<HTMLElement>('[data-heading]') : null))?.focus()
  }, { flush: 'post' })
  return { close }
}
