/** Up and down walk over the rows: the elements with data-row. */
export function walkRows(event: KeyboardEvent, within: HTMLElement | null): void {
  if ((event.key !== 'ArrowDown' && event.key !== 'ArrowUp') || event.altKey || event.ctrlKey || event.metaKey || !(event.target as HTMLElement).matches('[data-row]')) return
  const all = [...(within?.querySelectorAll<HTMLElement>('[data-row]') ?? [])].sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
  all[all.indexOf(event.target as HTMLElement) + (event.key === 'ArrowDown' ? 1 : -1)]?.focus()
  event.preventDefault()
}
