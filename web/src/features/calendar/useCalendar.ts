import { computed, shallowRef, watch } from 'vue'
import type { Carrier } from '@/features/drag/keys'
import type { Scope } from '@/features/filters/scope'
import { NO_FILTERS, type Filters } from '@/features/filters/state'
import { useTaskList } from '@/features/list/useTaskList'
import { isSelected, targets } from '@/features/selection/selection'
import { keyOf, type StoredTask } from '@/features/tasks/model'
import { useTasks } from '@/features/tasks/store'
import { useTeams } from '@/features/teams/store'
import { announce } from '@/lib/announce'
import { dayOf, onDay } from '@/lib/days'
import { useToast } from '@/ui/toast'
import { longName, type CalendarState } from './span'

/** Where tasks without a due date stand. */
export const UNDATED = 'none'
/** More than this is not read for one month: filters make it less. */
export const MOST = 2000

interface Lifted { id: string; ids: readonly string[]; day: string }

/** The tasks of some days by when they are due, live, and how they are taken to another day. */
export function useCalendar(scope: () => Scope, state: () => CalendarState, days: () => readonly string[]) {
  const tasks = useTasks()
  const teams = useTeams()
  const toast = useToast()

  /** Without what is about the page: that needs no new reading. */
  const filters = (): Filters => Object.fromEntries(Object.keys(NO_FILTERS).map(name => [name, state()[name as keyof Filters]])) as unknown as Filters
  const dated = useTaskList(scope, () => ({ ...filters(), due: `${days()[0]!}..${days().at(-1)!}`, sort: 'due_at', descending: false, deleted: false }))
  // A month is shown as a whole, however many tasks it has.
  watch([dated.loading, dated.rows], () => { if (dated.rows.value.length < MOST && !dated.failure.value) dated.more() }, { flush: 'post' })
  const undated = useTaskList(scope, () => ({ ...filters(), due: 'none', open: true, sort: 'created_at', descending: true, deleted: false }))

  const lifted = shallowRef<Lifted | null>(null)
  const dueOf = (task: StoredTask): string => (task.due_at ? dayOf(new Date(task.due_at)) : UNDATED)
  /** What shows where; a lifted task where it would come to lie, with those that are lifted along behind it. */
  const byDay = computed((): ReadonlyMap<string, readonly StoredTask[]> => {
    const out = new Map<string, StoredTask[]>([...days(), UNDATED].map(day => [day, []]))
    const it = lifted.value
    const task = it && tasks.view(it.id)
    for (const t of [...dated.rows.value, ...undated.rows.value]) if (!task || !it.ids.includes(t.id)) out.get(dueOf(t))?.push(t)
    if (it && task) {
      const list = out.get(it.day) ?? []
      const due = it.day === UNDATED ? null : onDay(task.due_at, it.day)
      const at = due ? list.findIndex(t => t.due_at! > due) : 0
      list.splice(at < 0 ? list.length : at, 0, task)
    }
    return out
  })

  function lift(id: string): boolean {
    const task = tasks.view(id)
    if (!task?.key) return false
    const ids = (isSelected(id) ? targets() : [id]).filter(it => { const t = tasks.view(it); return t !== undefined && teams.canEdit(t.team_id) })
    if (!ids.includes(id)) {
      toast.show('You may look at this task, not change it.')
      return false
    }
    lifted.value = { id, ids, day: dueOf(task) }
    return true
  }
  function aim(day: string): void {
    const it = lifted.value
    if (it && it.day !== day) lifted.value = { ...it, day }
  }
  function home(): void {
    const task = lifted.value && tasks.view(lifted.value.id)
    if (task) aim(dueOf(task))
  }
  function cancel(): void {
    const it = lifted.value
    if (!it) return
    lifted.value = null
    announce(`${nameOf(it.ids)} ${it.ids.length > 1 ? 'stay where they were' : 'stays where it was'}.`)
  }
  /** Each keeps its time of the day. */
  function drop(): void {
    const it = lifted.value
    if (!it) return
    lifted.value = null
    const moved = it.ids.map(tasks.view).filter(t => t !== undefined).filter(t => dueOf(t) !== it.day)
    if (!moved.length) return
    const name = nameOf(moved.map(t => t.id))
    void tasks.editMany(moved.map(t => ({ id: t.id, set: { due_at: it.day === UNDATED ? null : onDay(t.due_at, it.day) } })), it.day === UNDATED ? `Took the due date off ${name}` : `${name} due ${longName(it.day)}`)
  }
  /** By the keyboard: to the sides a day, up and down a week. */
  function move(columns: number, rows: number): void {
    const it = lifted.value
    if (!it) return
    const to = it.day === UNDATED ? days()[0] : days()[days().indexOf(it.day) + columns + 7 * rows]
    if (to === undefined) return
    aim(to)
    announce(longName(to))
  }
  function nameOf(ids: readonly string[]): string {
    const list = ids.map(tasks.view).filter(t => t !== undefined)
    return list.length ? keyOf(list) : 'The task'
  }
  // Somebody else deleted it meanwhile.
  watch(() => { const task = lifted.value && tasks.view(lifted.value.id); return lifted.value !== null && (!task || Boolean(task.deleted_at)) }, gone => { if (gone) lifted.value = null })

  const inColumn = (day: string): readonly StoredTask[] => byDay.value.get(day) ?? []
  const carrier: Carrier = { lifted, inColumn, lift, step: move, drop, cancel, nameOf }
  return { dated, undated, lifted, inColumn, aim, home, carrier }
}
