import { shallowRef, type Component } from 'vue'
import { useTasks } from '@/features/tasks/store'

/**
 * The form for new tasks: not part of the first paint, yet there in the same tick as the click once it is loaded. With an
 * async component the first letters of a quick writer would go nowhere.
 */
export const NewTask = shallowRef<Component | null>(null)
export async function loadNewTask(): Promise<void> {
  const [form] = await Promise.all([import('./NewTask.vue'), useTasks().prepare()])
  NewTask.value ??= form.default
}
