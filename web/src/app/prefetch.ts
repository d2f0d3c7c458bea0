import type { Router } from 'vue-router'

/** This long the pointer rests on a link before one may take it for meant. */
const REST = 65

/** Loads the files of a page when somebody is about to open it: rests on a link to it, focuses or touches it. */
export function startPrefetch(router: Router): void {
  if ((navigator as Navigator & { connection?: { saveData?: boolean } }).connection?.saveData) return
  const known = new Set<unknown>()
  function load(link: HTMLAnchorElement): void {
    if (link.origin !== location.origin || link.target || link.hasAttribute('download')) return
    for (const { components } of router.resolve(link.pathname + link.search).matched) {
      const page = components?.default
      if (typeof page !== 'function' || known.has(page)) continue
      known.add(page)
      // One that did not come is asked for again with the page itself.
      void (page as () => Promise<unknown>)().catch(() => known.delete(page))
    }
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  function about(event: Event): void {
    clearTimeout(timer)
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null
    if (!link) return
    if (event.type === 'pointerover') timer = setTimeout(() => load(link), REST)
    else load(link)
  }
  for (const kind of ['pointerover', 'pointerdown', 'focusin']) document.addEventListener(kind, about, { passive: true })
}
