import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { search } from '@/api'
import type { Item } from './palette'

const QUIET = 150

/** Tasks for the palette, by key or words, of all teams. */
export function useFound(query: () => string) {
  const tasks = shallowRef<Item[]>([])
  const busy = ref(false)
  const failed = ref(false)
  let asking: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  async function ask(words: string): Promise<void> {
    const mine = (asking = new AbortController())
    try {
      const { items } = await search(words, { limit: 8, type: 'task', signal: mine.signal })
      const seen = new Set<string>()
      tasks.value = items.filter(({ task }) => !seen.has(task.id) && seen.add(task.id)).map(({ task }): Item => ({
        id: `task:${task.id}`, label: task.title, hint: task.key, group: 'Found', icon: 'check', to: { name: 'board', params: { projectId: task.project_id, key: task.key } },
      }))
      failed.value = false
    } catch {
      if (!mine.signal.aborted) failed.value = true
    } finally {
      if (!mine.signal.aborted) busy.value = false
    }
  }
  watch(query, text => {
    const words = text.trim()
    asking?.abort()
    clearTimeout(timer)
    busy.value = words.length > 1
    if (words.length < 2) tasks.value = []
    else timer = setTimeout(() => void ask(words), QUIET)
  })
  onScopeDispose(() => {
    clearTimeout(timer)
    asking?.abort()
  })
  return { tasks, busy, failed }
}
