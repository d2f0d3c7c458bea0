import { computed, onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { ApiError, reason, tasks as api } from '@/api'
import { useTasks } from '@/features/tasks/store'
import { online } from '@/lib/online'

/** The task of an address like /p/…/board/WEB-12, with its details, kept fresh while the component lives. */
export function useTaskByKey(projectId: MaybeRefOrGetter<string>, key: MaybeRefOrGetter<string>) {
  const tasks = useTasks()
  const id = ref<string | null>(null)
  const error = shallowRef<unknown>(null)
  const missing = ref(false)
  let release: (() => void) | null = null

  const task = computed(() => (id.value ? tasks.view(id.value) : undefined))
  /** The rendered description and who watches are here too. */
  const whole = computed(() => task.value?.description_html !== undefined)

  /** Why there is nothing to show yet, when waiting alone does not help. */
  const trouble = computed(() => {
    if (!online.value || (error.value instanceof ApiError && error.value.isNetwork)) return { title: 'You are offline. This task is not on this device yet.', text: 'It opens by itself when the connection is back.' }
    return error.value ? { title: 'The task could not be loaded', text: reason(error.value) } : null
  })

  async function load(): Promise<void> {
    const [project, wanted] = [toValue(projectId), toValue(key)]
    error.value = null
    missing.value = false
    release?.()
    release = null
    try {
      const held = [...tasks.server.values()].find(t => t.project_id === project && t.key === wanted)
      id.value = held?.id ?? null
      const number = Number(wanted.slice(wanted.lastIndexOf('-') + 1))
      const found = held ?? (Number.isSafeInteger(number) && number > 0 ? await api.byNumber(project, number) : undefined)
      if (wanted !== toValue(key)) return
      if (!found) {
        missing.value = true
        return
      }
      release = tasks.hold(found.id)
      tasks.accept(found)
      id.value = found.id
      // A deleted one has an address, but no details until it is restored.
      if (found.deleted_at || (await tasks.fetchTask(found.id))) return
      const trashed = await api.byNumber(project, number)
      if (trashed?.deleted_at) tasks.accept(trashed)
      else missing.value = true
    } catch (thrown) {
      error.value = thrown
    }
  }
  watch([() => toValue(projectId), () => toValue(key)], load, { immediate: true })
  watch(online, is => { if (is && error.value) void load() })
  onScopeDispose(() => release?.())
  return { task, whole, missing, trouble, reload: load }
}
