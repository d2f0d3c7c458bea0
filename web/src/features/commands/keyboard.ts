import { composing, inField, keyName } from '@/lib/keys'
import { load, save } from '@/lib/storage'
import { topDialog } from '@/ui/dialogs'
import { ref } from 'vue'
import { commands, type CommandId } from './catalogue'
import { handlerOf } from './registry'

/** A sequence such as "g b" has to be typed within this time. */
const PATIENCE = 1500
const YEAR = 365 * 86_400_000

/**
 * Keys without Ctrl or ⌘ can be turned off (WCAG 2.1.4): speech input and some screen readers type them by themselves.
 */
export const singleKeys = ref(load<boolean>('single-keys') ?? true)
export function setSingleKeys(on: boolean): void {
  singleKeys.value = on
  save('single-keys', on, YEAR)
}

const byKey = new Map<string, CommandId[]>()
const beginnings = new Set<string>()
for (const [id, { keys = [], native }] of commands) {
  if (native) continue
  for (const name of keys) {
    byKey.set(name, [...(byKey.get(name) ?? []), id])
    const [first, then] = name.split(' ')
    if (then) beginnings.add(first!)
  }
}
const catalogue = new Map(commands)

let begun: { key: string; at: number } | null = null

/** Fields, input methods, menus and dialogs of their own keep their keys. */
export function onKey(event: KeyboardEvent): void {
  if (composing(event) || event.defaultPrevented || /^(Shift|Control|Alt|Meta)$/.test(event.key)) return
  const key = keyName(event)
  const name = begun && Date.now() - begun.at < PATIENCE ? `${begun.key} ${key}` : key
  begun = null
  const typing = inField(event.target)
  const dialog = topDialog.value
  for (const id of byKey.get(name) ?? []) {
    const { inFields, inTask } = catalogue.get(id)!
    if ((typing && !inFields) || (dialog && !(inTask && dialog.dataset.dialog === 'task'))) continue
    if (!singleKeys.value && !key.startsWith('mod+') && !isControl(key)) continue
    // An arrow scrolls, unless a task has the focus.
    if (key.includes('Arrow') && !(event.target as Element).closest('[data-task]')) continue
    const run = handlerOf(id)
    if (!run) continue
    event.preventDefault()
    run()
    return
  }
  if (beginnings.has(key) && !typing && !dialog && singleKeys.value) begun = { key, at: Date.now() }
}
const isControl = (key: string): boolean => /Arrow|Escape|Delete/.test(key)
