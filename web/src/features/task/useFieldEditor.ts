import { computed, onScopeDispose, ref, watch } from 'vue'
import { useTasks } from '@/features/tasks/store'
import { drop, load, save as store } from '@/lib/storage'
import { useToast } from '@/ui/toast'

interface Draft { text: string; base: string }

/**
 * A person's edit of one text of a task. `base` is what the text was when they began: it goes to the server as `was`, so
 * that what others wrote meanwhile is merged or asked about, never lost. The draft survives a reload until the server has
 * taken it.
 */
export function useFieldEditor(id: string, field: 'title' | 'description') {
  const tasks = useTasks()
  const toast = useToast()
  const key = `edit:${tasks.idOf(id)}:${field}`
  const current = computed(() => tasks.view(id)?.[field] ?? '')
  const editing = ref(false)
  const text = ref('')
  const base = ref('')
  /** Came back after a reload. */
  const restored = ref(false)
  /** Somebody else changed it since this edit began. */
  const moved = computed(() => editing.value && tasks.view(id)?.[field] !== undefined && current.value !== base.value)

  const kept = load<Draft>(key)
  if (kept && kept.text !== current.value && kept.text !== kept.base) begin(kept, true)
  else drop(key)

  function begin(draft: Draft, again = false): void {
    base.value = draft.base
    text.value = draft.text
    restored.value = again
    editing.value = true
  }
  function start(): void {
    if (!editing.value) begin({ text: current.value, base: current.value })
  }
  const stopKeeping = watch([text, base], () => {
    if (!editing.value) return
    if (text.value === base.value) drop(key)
    else store(key, { text: text.value, base: base.value } satisfies Draft)
  }, { flush: 'sync' })
  onScopeDispose(stopKeeping)

  /** Closes the editor and sends what is new; a refused text comes back into it. */
  async function save(): Promise<void> {
    if (!editing.value) return
    const mine: Draft = { text: clean(text.value), base: base.value }
    editing.value = false
    if (mine.text === mine.base || (field === 'title' && !mine.text)) return drop(key)
    const taken = await tasks.edit(id, { [field]: mine.text }, { was: { [field]: mine.base } })
    if (taken) {
      if (!editing.value) drop(key)
    } else if (asked()) {
      // The prompt holds the text now; until it is answered, so does the draft.
      const stop = watch(asked, is => {
        if (is) return
        stop()
        drop(key)
      })
    } else if (!editing.value && tasks.view(id)) begin(mine)
  }
  const asked = (): boolean => tasks.conflicts.some(c => c.task_id === tasks.idOf(id) && field in c.set)
  const clean = (value: string): string => (field === 'title' ? value.replace(/\s+/g, ' ').trim() : value.replace(/\s+$/, ''))

  /** Gives the edit up, with a way back. */
  function cancel(): void {
    if (!editing.value) return
    const mine: Draft = { text: text.value, base: base.value }
    editing.value = false
    drop(key)
    if (mine.text !== mine.base && field === 'description') {
      toast.show('Your text was put aside', { action: { label: 'Bring it back', run: () => { store(key, mine); begin(mine) } } })
    }
  }
  return { current, editing, text, restored, moved, start, save, cancel }
}
