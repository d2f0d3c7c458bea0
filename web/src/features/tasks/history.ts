import type { ShallowRef } from 'vue'
import type { BulkEdit } from '@/api'
import { announce } from '@/lib/announce'
import { useToast } from '@/ui/toast'
import type { Place } from './places'

/** What takes a change back, or makes it again: a change like any other, so it merges, or asks, like any other. */
export type Step =
  | { kind: 'edit'; edits: BulkEdit[] }
  /** `was`: by id, the status that a task is expected in. */
  | { kind: 'move'; places: readonly Place[]; was: Record<string, string> }
  | { kind: 'delete' | 'restore'; ids: string[] }
export interface Entry { did: string; step: Step; toast: number }

const DEEP = 50
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

type Stack = ShallowRef<readonly Entry[]>

/** What this tab did, to be undone and done again. `run` makes a step and gives what takes it back; null: it was refused. */
export function makeHistory(run: (step: Step) => Promise<Step | null>, { undoStack, redoStack }: { undoStack: Stack; redoStack: Stack }) {
  const toast = useToast()

  /** Call when a change is made; `tell` when it is taken, `forget` when it is refused. */
  function remember(did: string, step: Step): Entry {
    const entry: Entry = { did, step, toast: 0 }
    undoStack.value = [...undoStack.value, entry].slice(-DEEP)
    redoStack.value = []
    return entry
  }
  function tell(entry: Entry): void {
    entry.toast = toast.show(entry.did, { action: { label: 'Undo', run: () => void undo(entry) } })
    announce(entry.did)
  }
  function forget(entry: Entry): void {
    undoStack.value = undoStack.value.filter(e => e !== entry)
  }
  async function turn(from: Stack, to: Stack, entry: Entry | undefined, say: string, back: () => Promise<void>, name: string): Promise<void> {
    if (!entry || !from.value.includes(entry)) return
    from.value = from.value.filter(e => e !== entry)
    toast.close(entry.toast)
    const step = await run(entry.step)
    if (!step) return // whoever refused it has said why
    to.value = [...to.value, { did: entry.did, step, toast: 0 }].slice(-DEEP)
    const text = `${say}: ${lower(entry.did)}`
    to.value.at(-1)!.toast = toast.show(text, { action: { label: name, run: () => void back() } })
    announce(text)
  }
  /** Takes back the last change, or the given one. */
  const undo = (entry = undoStack.value.at(-1)): Promise<void> => turn(undoStack, redoStack, entry, 'Undone', () => redo(), 'Redo')
  /** Makes the change again that was undone last. */
  const redo = (entry = redoStack.value.at(-1)): Promise<void> => turn(redoStack, undoStack, entry, 'Redone', () => undo(), 'Undo')
  return { remember, tell, forget, undo, redo }
}
