import { ref, watch, type Ref } from 'vue'
import { drop, load, save } from './storage'

/**
 * Text that survives a reload: `const { text, clear } = useDraft('comment:' + task.id)`.
 * `initial` is what an untouched field holds; typing it back drops the draft.
 */
export function useDraft(key: string, initial = ''): { text: Ref<string>; restored: boolean; clear: (value?: string) => void } {
  const kept = load<string>(`draft:${key}`)
  const restored = kept !== undefined && kept !== initial
  const text = ref(kept ?? initial)
  let base = initial
  watch(text, value => (value === base ? drop(`draft:${key}`) : save(`draft:${key}`, value)), { flush: 'sync' })
  function clear(value = ''): void {
    base = value
    text.value = value
    drop(`draft:${key}`)
  }
  return { text, restored, clear }
}
