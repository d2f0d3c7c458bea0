import { computed, shallowReactive } from 'vue'
import { useTasks } from '@/features/tasks/store'
import { announce } from '@/lib/announce'
import { beside, focusedTask, openTask, pageView, placeIn, taskView } from './view'

/** What is chosen to be changed together. */
const chosen = shallowReactive(new Set<string>())
/** Where a range begins. */
let anchor: string | null = null

export const isSelected = (id: string): boolean => chosen.has(id)
/** How many are selected and still there. */
export const selected = computed((): string[] => {
  if (!chosen.size) return []
  const tasks = useTasks()
  return [...chosen].filter(id => { const task = tasks.view(id); return task !== undefined && !task.deleted_at })
})
const columns = (): readonly (readonly string[])[] => (taskView() ?? pageView).columns()

const say = (): void => announce(selected.value.length === 1 ? '1 task selected' : `${selected.value.length} tasks selected`)
export function clearSelection(): void {
  if (!chosen.size) return
  chosen.clear()
  anchor = null
  announce('Nothing selected')
}
export function toggle(id: string): void {
  if (chosen.has(id)) chosen.delete(id)
  else chosen.add(id)
  anchor = id
  say()
}
/** From where the last one was selected to here: down the columns, one after the other. */
export function selectTo(id: string): void {
  const all = columns().flat()
  const from = all.indexOf(anchor ?? focusedTask() ?? id)
  const to = all.indexOf(id)
  if (to < 0) return
  if (from < 0) return toggle(id)
  anchor ??= all[from]!
  chosen.clear()
  for (const it of all.slice(Math.min(from, to), Math.max(from, to) + 1)) chosen.add(it)
  say()
}
export function selectAll(ids: readonly string[]): void {
  for (const id of ids) chosen.add(id)
  say()
}
export function selectColumn(): void {
  const here = focusedTask() ?? anchor
  const all = columns()
  const [column] = here ? placeIn(all, here) : [0]
  selectAll(all[Math.max(0, column)] ?? [])
}
/** One step further, with all between. */
export function extend(dx: number, dy: number): void {
  const id = focusedTask()
  const next = id && beside(columns(), id, dx, dy)
  if (!id || !next) return
  if (!anchor || !chosen.size) anchor = id
  ;(taskView() ?? pageView).focus(next)
  selectTo(next)
}

/** What a command is about: the open task, else what is selected, in the order of the page, else what has the focus. */
export function targets(): string[] {
  if (openTask.value) return [openTask.value]
  if (selected.value.length) {
    const order = new Map(columns().flat().map((id, at) => [id, at]))
    return [...selected.value].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
  }
  const id = focusedTask()
  return id ? [id] : []
}
