import { nextTick, watch, type WatchSource } from 'vue'

/** Cards make room by gliding (first where they were, last where they are, invert, play), until the result is called. */
export function flip(root: HTMLElement, aim: WatchSource): () => void {
  return watch(aim, async () => {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
    const cards = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>('[data-task]')]
    const was = new Map(cards().map(card => [card.dataset.task!, card.getBoundingClientRect()]))
    await nextTick()
    for (const card of cards()) {
      const from = was.get(card.dataset.task!)
      if (!from) continue
      const to = card.getBoundingClientRect()
      const [dx, dy] = [from.left - to.left, from.top - to.top]
      // From one column to another it is in the hand, not on the board.
      if (dx || !dy || Math.abs(dy) > 400) continue
      card.animate([{ transform: `translateY(${dy}px)` }, { transform: 'none' }], { duration: 120, easing: 'ease-out' })
    }
  }, { flush: 'pre' })
}
