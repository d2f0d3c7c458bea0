/** Up and down walk over the notifications of a list, Home and End go to its ends. */
export function walk(event: KeyboardEvent, list: HTMLElement | null): void {
  const all = [...(list?.querySelectorAll<HTMLElement>('[data-notification]') ?? [])]
  const at = all.findIndex(el => el === document.activeElement || el.parentElement?.contains(document.activeElement))
  const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }
  const next = to[event.key]
  if (next === undefined || at < 0) return
  event.preventDefault()
  all[next]?.focus()
}
