import { onScopeDispose, watch, type Ref } from 'vue'

/** Reads on when the end of what is loaded comes near. After a failure, the person asks. */
export function useMore(end: Readonly<Ref<HTMLElement | null>>, scroller: Readonly<Ref<HTMLElement | null>>, list: { loading: Ref<boolean>; failure: Ref<string>; more: () => void }): void {
  let observer: IntersectionObserver | undefined
  watch([end, list.loading], ([el]) => {
    observer?.disconnect()
    if (!el || list.failure.value) return
    observer = new IntersectionObserver(([entry]) => { if (entry?.isIntersecting) list.more() }, { root: scroller.value, rootMargin: '800px' })
    observer.observe(el)
  }, { flush: 'post' })
  onScopeDispose(() => observer?.disconnect())
}
