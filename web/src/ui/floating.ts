import { nextTick, onScopeDispose, ref, watch, type Ref } from 'vue'

export type Placement = 'bottom-start' | 'bottom-end' | 'top-start' | 'top-end' | 'right-start'
const GAP = 4
const EDGE = 8

/**
 * A panel in the browser's top layer beside its trigger. The panel stays where it is in the document, so it works
 * inside modal dialogs, and reading order and focus follow the trigger. Needs no style element, so no CSP exception.
 */
export function useFloating(options: { anchor: Readonly<Ref<HTMLElement | null>>; panel: Readonly<Ref<HTMLElement | null>>; placement: () => Placement; matchWidth?: () => boolean }) {
  const { anchor, panel, placement } = options
  const open = ref(false)
  let stop: (() => void) | null = null

  function place(): void {
    const [from, it] = [anchor.value?.getBoundingClientRect(), panel.value]
    if (!from || !it) return
    const { innerWidth: width, innerHeight: height } = window
    if (options.matchWidth?.()) it.style.minWidth = `${from.width}px`
    it.style.maxWidth = `${width - 2 * EDGE}px`
    const [below, above] = [height - from.bottom - GAP - EDGE, from.top - GAP - EDGE]
    const size = { width: it.offsetWidth, height: it.scrollHeight }
    const where = placement()
    if (where === 'right-start') {
      it.style.left = `${Math.min(from.right + GAP, width - size.width - EDGE)}px`
      it.style.top = `${Math.max(EDGE, Math.min(from.top, height - size.height - EDGE))}px`
      return
    }
    const up = where.startsWith('top') ? above >= size.height || above > below : below < size.height && above > below
    it.style.setProperty('--room', `${Math.max(120, up ? above : below)}px`)
    const tall = Math.min(it.offsetHeight, up ? above : below)
    it.style.top = `${Math.max(EDGE, up ? from.top - GAP - tall : from.bottom + GAP)}px`
    const left = where.endsWith('end') ? from.right - size.width : from.left
    it.style.left = `${Math.max(EDGE, Math.min(left, width - size.width - EDGE))}px`
  }

  function onPointer(event: PointerEvent): void {
    const target = event.target as Node
    if (!panel.value?.contains(target) && !anchor.value?.contains(target)) close(false)
  }
  function onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || event.isComposing) return
    event.preventDefault() // keeps a dialog around it open
    event.stopPropagation()
    close()
  }
  async function show(): Promise<void> {
    if (open.value) return
    open.value = true
    await nextTick()
    const it = panel.value
    if (!it) return
    it.showPopover?.()
    place()
    const watcher = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(place)
    watcher?.observe(it)
    window.addEventListener('pointerdown', onPointer, true)
    window.addEventListener('keydown', onKey, true)
    window.addEventListener('scroll', place, { capture: true, passive: true })
    window.addEventListener('resize', place)
    stop = () => {
      watcher?.disconnect()
      window.removeEventListener('pointerdown', onPointer, true)
      window.removeEventListener('keydown', onKey, true)
      window.removeEventListener('scroll', place, true)
      window.removeEventListener('resize', place)
      stop = null
    }
  }
  /** `refocus`: back to the trigger, unless the person pointed elsewhere. */
  function close(refocus = true): void {
    if (!open.value) return
    stop?.()
    open.value = false
    if (refocus) focusFirst(anchor.value)
  }
  const toggle = (): void => void (open.value ? close() : show())
  watch(panel, (it, old) => { if (!it && old) stop?.() })
  onScopeDispose(() => stop?.())
  return { open, show, close, toggle, place }
}

export const FOCUSABLE = 'a[href],button:not(:disabled),input:not(:disabled),select:not(:disabled),textarea:not(:disabled),[tabindex]:not([tabindex="-1"])'
function focusFirst(el: HTMLElement | null): void {
  if (!el) return
  const it = el.matches(FOCUSABLE) ? el : el.querySelector<HTMLElement>(FOCUSABLE)
  it?.focus({ preventScroll: true })
}
