import { onScopeDispose, ref, watch } from 'vue'
import { open, tell } from './connection'
import type { EditedField } from './presence'
import { useStream } from './stream'

/** While the component lives, others see that this person looks at the task, and which field they are changing. */
export function useViewing(taskId: () => string | undefined) {
  const stream = useStream()
  const editing = ref<EditedField | null>(null)
  let close: (() => void) | null = null
  function say(): void {
    const id = taskId()
    if (id) void tell('edit', { task_id: id, field: editing.value })
  }
  watch([taskId, () => stream.started] as const, ([id, started]) => {
    close?.()
    // A new subscription begins as one that only looks.
    close = id && started ? open(`task:${id}`, { subscribed: () => { if (editing.value) say() } }) : null
  }, { immediate: true })
  watch(editing, say)
  onScopeDispose(() => close?.())
  return { editing }
}
