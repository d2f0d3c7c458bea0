export const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

/** How catalogues name a key: `c`, `?`, `Escape`, `mod+k` (⌘ on a Mac, Ctrl elsewhere), `shift+ArrowUp`. */
export function keyName(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const mod = (isMac ? event.metaKey : event.ctrlKey) ? 'mod+' : ''
  const other = (isMac ? event.ctrlKey : event.metaKey) ? 'other+' : ''
  const alt = event.altKey ? 'alt+' : ''
  // Shift is part of the sign itself for "?" and friends.
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key)) ? 'shift+' : ''
  return mod + other + alt + shift + key
}

/** An input method is at work: its keys are not the page's. */
export const composing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229

export function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|button)$/.test((target as HTMLInputElement).type)))
}
