import { computed, shallowRef, watch } from 'vue'
import { useProjects } from '@/features/projects/store'
import type { StoredTask } from '@/features/tasks/model'
import { useTasks } from '@/features/tasks/store'
import { announce } from '@/lib/announce'

/** A task on its way: where it would come to lie if it were let go now. */
export interface Lifted { id: string; status: string; /** The task it would stand before; null: the end of what is loaded. */ before: string | null }

/**
 * The board with a lifted task already in its new place. Pointer and keyboard both only aim; the columns show where to,
 * and `drop` makes it a move. Nothing is sent, and the store knows nothing, before that.
 */
export function useDrag(projectId: () => string) {
  const projects = useProjects()
  const tasks = useTasks()
  const lifted = shallowRef<Lifted | null>(null)

  const order = computed((): Map<string, StoredTask[]> => {
    const board = tasks.byStatus(projectId())
    const it = lifted.value
    const task = it && tasks.view(it.id)
    if (!it || !task) return board
    const out = new Map(board)
    out.set(task.status, (out.get(task.status) ?? []).filter(t => t.id !== task.id))
    const list = [...(out.get(it.status) ?? [])]
    const at = it.before ? list.findIndex(t => t.id === it.before) : -1
    list.splice(at < 0 ? list.length : at, 0, task)
    return out.set(it.status, list)
  })
  const inColumn = (slug: string): StoredTask[] => order.value.get(slug) ?? []

  function lift(id: string): boolean {
    const task = tasks.view(id)
    if (!task) return false
    lifted.value = { id: task.id, ...placeOf(task) }
    return true
  }
  function placeOf(task: StoredTask): { status: string; before: string | null } {
    const list = tasks.byStatus(projectId()).get(task.status) ?? []
    return { status: task.status, before: list[list.findIndex(t => t.id === task.id) + 1]?.id ?? null }
  }
  function home(): void {
    const task = lifted.value && tasks.view(lifted.value.id)
    if (!task) return
    const { status, before } = placeOf(task)
    aim(status, before)
  }
  function aim(status: string, before: string | null): void {
    const it = lifted.value
    if (it && (it.status !== status || it.before !== before)) lifted.value = { ...it, status, before }
  }
  function cancel(): void {
    if (!lifted.value) return
    const name = nameOf(lifted.value.id)
    lifted.value = null
    announce(`${name} stays where it was.`)
  }
  function drop(): void {
    const it = lifted.value
    if (!it) return
    lifted.value = null
    const others = (tasks.byStatus(projectId()).get(it.status) ?? []).filter(t => t.id !== it.id)
    const last = others.at(-1)
    const goesOn = tasks.column(projectId(), it.status).cursor !== null
    if (it.before && others.some(t => t.id === it.before)) void tasks.move([it.id], { status: it.status, before: it.before })
    // The end of the loaded part is not the end of the column.
    else if (goesOn && last) void tasks.move([it.id], { status: it.status, after: last.id })
    else void tasks.move([it.id], { status: it.status })
  }

  /** One step by keyboard: along the column, or to the column beside it. */
  function step(columns: number, rows: number): void {
    const it = lifted.value
    if (!it) return
    const slugs = projects.statusesOf(projectId()).map(s => s.slug)
    const to = slugs[slugs.indexOf(it.status) + columns]
    if (to === undefined) return
    const here = inColumn(it.status).findIndex(t => t.id === it.id)
    const list = inColumn(to).filter(t => t.id !== it.id)
    const at = Math.max(0, Math.min(list.length, here + rows))
    aim(to, list[at]?.id ?? null)
    say()
  }
  function say(): void {
    const it = lifted.value
    if (!it) return
    const list = inColumn(it.status)
    announce(`${projects.status(projectId(), it.status)?.name ?? it.status}, position ${list.findIndex(t => t.id === it.id) + 1} of ${list.length}.`)
  }
  const nameOf = (id: string): string => tasks.view(id)?.key || 'The task'

  // Somebody else deleted it meanwhile.
  watch(() => { const task = lifted.value && tasks.view(lifted.value.id); return lifted.value !== null && (!task || Boolean(task.deleted_at)) }, gone => { if (gone) lifted.value = null })

  return { lifted, order, inColumn, lift, aim, home, cancel, drop, step, nameOf }
}
export type Drag = ReturnType<typeof useDrag>
