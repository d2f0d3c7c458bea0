import type { Directive } from 'vue'

// `field-sizing: content` does this in CSS, but not yet in every browser we support.
const observers = new WeakMap<HTMLElement, ResizeObserver>()

function fit(el: HTMLTextAreaElement, most: number): void {
  if (!el.offsetParent) return // not shown yet: the observer tells when it is
  el.style.height = 'auto'
  const border = el.offsetHeight - el.clientHeight
  el.style.height = `${Math.min(el.scrollHeight + border, most)}px`
  el.style.overflowY = el.scrollHeight > most ? 'auto' : 'hidden'
}

/** Keeps a textarea as high as its text, up to a number of pixels: `<textarea v-grow="480">`. */
export const vGrow: Directive<HTMLTextAreaElement, number> = {
  mounted(el, { value }) {
    fit(el, value)
    if (typeof ResizeObserver === 'undefined') return
    let width = 0
    const observer = new ResizeObserver(() => {
      if (el.offsetWidth === width) return
      width = el.offsetWidth
      fit(el, value)
    })
    observer.observe(el)
    observers.set(el, observer)
  },
  updated: (el, { value }) => fit(el, value),
  unmounted(el) {
    observers.get(el)?.disconnect()
    observers.delete(el)
  },
}
