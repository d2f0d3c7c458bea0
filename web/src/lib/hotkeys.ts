import { onScopeDispose } from 'vue'

/**
 * One stack of shortcuts for the whole app. The newest layer that knows a key gets it. Keys typed into a field, with an
 * IME at work, or while a menu or dialog has not registered them, never fire.
 *
 * Names: `c`, `?`, `Escape`, `mod+k` (⌘ on a Mac, Ctrl elsewhere), `shift+ArrowUp`.
 */
export type Hotkeys = Record<string, (event: KeyboardEvent) => void>
interface Layer { keys: Hotkeys; inFields: boolean; modal: boolean }

const stack: Layer[] = []
export const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

export function keyName(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const mod = (isMac ? event.metaKey : event.ctrlKey) ? 'mod+' : ''
  const alt = event.altKey ? 'alt+' : ''
  // Shift is part of the sign itself for "?" and friends.
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key)) ? 'shift+' : ''
  return mod + alt + shift + key
}

export function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|button)$/.test((target as HTMLInputElement).type)))
}

function onKey(event: KeyboardEvent): void {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return
  const name = keyName(event)
  const typing = inField(event.target)
  const dialogOpen = document.querySelector('dialog:modal') !== null
  for (const layer of stack.toReversed()) {
    if (dialogOpen && !layer.modal) continue
    const run = layer.keys[name]
    if (!run || (typing && !layer.inFields)) continue
    event.preventDefault()
    run(event)
    return
  }
}

export interface HotkeyOptions {
  /** Also while a field has the focus (only for chords such as mod+Enter). */
  inFields?: boolean
  /** Also while a modal dialog is open: for the dialog's own shortcuts. */
  modal?: boolean
}

export function addHotkeys(keys: Hotkeys, options: HotkeyOptions = {}): () => void {
  if (!stack.length) window.addEventListener('keydown', onKey)
  const layer: Layer = { keys, inFields: options.inFields ?? false, modal: options.modal ?? false }
  stack.push(layer)
  return () => {
    const at = stack.indexOf(layer)
    if (at >= 0) stack.splice(at, 1)
    if (!stack.length) window.removeEventListener('keydown', onKey)
  }
}

/** Shortcuts for as long as the component lives. */
export function useHotkeys(keys: Hotkeys, options?: HotkeyOptions): void {
  onScopeDispose(addHotkeys(keys, options))
}
