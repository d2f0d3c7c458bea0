import { computed, shallowRef, watch } from 'vue'
import { useProjects } from '@/features/projects/store'
import { isSelected, targets } from '@/features/selection/selection'
import { moveAsking } from '@/features/tasks/limits'
import { keyOf, type StoredTask } from '@/features/tasks/model'
import { useTasks } from '@/features/tasks/store'
import { announce } from '@/lib/announce'
import type { Layout } from './layout'

/** Tasks on their way: where they would come to lie if they were let go now. */
export interface Lifted {
  /** The one that was taken hold of; it stands for all of them on the board. */
  id: string
  /** All of them, in the order of the board. */
  ids: readonly string[]
  column: string
  /** The task they would stand before; null: the end of what is loaded. */
  before: string | null
}

/**
 * The board with a lifted task already in its new place. Pointer and keyboard both only aim; the columns show where to,
 * and `drop` makes it a move. Nothing is sent, and the store knows nothing, before that.
 */
export function useDrag(projectId: () => string, layout: Layout) {
  const projects = useProjects()
  const tasks = useTasks()
  const lifted = shallowRef<Lifted | null>(null)

  const order = computed((): Map<string, StoredTask[]> => {
    const board = layout.board.value
    const it = lifted.value
    const task = it && tasks.view(it.id)
    if (!it || !task) return board
    const out = new Map(board)
    const gone = new Set(it.ids)
    for (const column of new Set(it.ids.map(tasks.view).map(t => t && layout.idOf(t)))) if (column !== undefined) out.set(column, (out.get(column) ?? []).filter(t => !gone.has(t.id)))
    const list = [...(out.get(it.column) ?? [])]
    const at = it.before ? list.findIndex(t => t.id === it.before) : -1
    list.splice(at < 0 ? list.length : at, 0, task)
    return out.set(it.column, list)
  })
  const inColumn = (column: string): StoredTask[] => order.value.get(column) ?? []
  /** Letting go here would fill the column beyond its limit. */
  const full = (column: string): boolean => lifted.value !== null && layout.full(lifted.value.ids, column)

  /** Takes a task, and what is selected together with it. */
  function lift(id: string): boolean {
    const task = tasks.view(id)
    if (!task?.key) return false
    const ids = isSelected(id) ? targets().filter(it => tasks.view(it)?.project_id === projectId()) : [task.id]
    lifted.value = { id: task.id, ids, ...placeOf(task, ids) }
    return true
  }
  function placeOf(task: StoredTask, ids: readonly string[]): { column: string; before: string | null } {
    const column = layout.idOf(task)
    const list = layout.board.value.get(column) ?? []
    const at = list.findIndex(t => t.id === task.id)
    return { column, before: list.slice(at + 1).find(t => !ids.includes(t.id))?.id ?? null }
  }
  function home(): void {
    const it = lifted.value
    const task = it && tasks.view(it.id)
    if (!it || !task) return
    const { column, before } = placeOf(task, it.ids)
    aim(column, before)
  }
  function aim(column: string, at: string | null): void {
    const it = lifted.value
    const before = layout.placed() ? at : null
    if (it && (it.column !== column || it.before !== before)) lifted.value = { ...it, column, before }
  }
  function cancel(): void {
    if (!lifted.value) return
    const name = nameOf(lifted.value.ids)
    const many = lifted.value.ids.length > 1
    lifted.value = null
    announce(`${name} ${many ? 'stay where they were' : 'stays where it was'}.`)
  }
  function drop(): void {
    const it = lifted.value
    if (!it) return
    const others = (layout.board.value.get(it.column) ?? []).filter(t => !it.ids.includes(t.id))
    const last = layout.placed() ? others.at(-1) : undefined
    const { status } = layout.setOf(it.column)
    const goesOn = status !== undefined && (tasks.column(projectId(), status).cursor !== null || !layout.plain.value)
    // The end of the loaded part is not the end of the column.
    const beside = it.before && others.some(t => t.id === it.before) ? { before: it.before } : goesOn && last ? { after: last.id } : {}
    lifted.value = null
    void layout.commit(it.ids, it.column, beside)
  }
  /** Lets go over another project of the side bar: they go to the end of the column of the same name, or of the first. */
  async function dropOn(project: string): Promise<void> {
    const it = lifted.value
    lifted.value = null
    if (!it) return
    const known = projects.full(project) ?? (await projects.fetch(project))
    const status = known.statuses.find(s => s.slug === tasks.view(it.id)?.status) ?? known.statuses[0]!
    await moveAsking(it.ids, { status: status.slug, project_id: project })
  }

  /** One step by keyboard: along the column, or to the column beside it. */
  function step(columns: number, rows: number): void {
    const it = lifted.value
    if (!it) return
    const all = layout.columns.value.map(c => c.id)
    const to = all[all.indexOf(it.column) + columns]
    if (to === undefined) return
    const here = inColumn(it.column).findIndex(t => t.id === it.id)
    const list = inColumn(to).filter(t => t.id !== it.id)
    const at = Math.max(0, Math.min(list.length, here + rows))
    aim(to, list[at]?.id ?? null)
    say()
  }
  function say(): void {
    const it = lifted.value
    if (!it) return
    const list = inColumn(it.column)
    announce(`${layout.columns.value.find(c => c.id === it.column)?.name ?? ''}, position ${list.findIndex(t => t.id === it.id) + 1} of ${list.length}.${full(it.column) ? ' The column is full.' : ''}`)
  }
  const nameOf = (ids: readonly string[]): string => {
    const list = ids.map(tasks.view).filter(t => t !== undefined)
    return list.length ? keyOf(list) : 'The task'
  }

  // Somebody else deleted it meanwhile.
  watch(() => { const task = lifted.value && tasks.view(lifted.value.id); return lifted.value !== null && (!task || Boolean(task.deleted_at)) }, gone => { if (gone) lifted.value = null })

  return { lifted, order, inColumn, full, lift, aim, home, cancel, drop, dropOn, step, nameOf }
}
export type Drag = ReturnType<typeof useDrag>
