import { nextTick, watch, type Ref } from 'vue'
import type { Lifted } from './useDrag'

/** Cards make room by gliding (first where they were, last where they are, invert, play), until the result is called. */
export function flip(root: HTMLElement, lifted: Ref<Lifted | null>): () => void {
  return watch(lifted, async (now, was) => {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
    // Only where a gap opens or closes does anything move.
    const columns = [...new Set([now?.column, was?.column])].flatMap(id => (id === undefined ? [] : [...root.querySelectorAll<HTMLElement>(`[data-column="${CSS.escape(id)}"]`)]))
    const cards = (): HTMLElement[] => columns.flatMap(column => [...column.querySelectorAll<HTMLElement>('[data-task]')])
    const from = new Map(cards().map(card => [card.dataset.task!, card.getBoundingClientRect().top]))
    await nextTick()
    const moves = cards().flatMap((card): [HTMLElement, number][] => {
      const top = from.get(card.dataset.task!)
      const dy = top === undefined ? 0 : top - card.getBoundingClientRect().top
      return dy && Math.abs(dy) < 400 && card.dataset.task !== now?.id ? [[card, dy]] : []
    })
    for (const [card, dy] of moves) card.animate([{ transform: `translateY(${dy}px)` }, { transform: 'none' }], { duration: 120, easing: 'ease-out' })
  }, { flush: 'pre' })
}
