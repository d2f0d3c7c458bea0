import { computed, watch } from 'vue'
import type { Priority, Status, User } from '@/api'
import { useProjects } from '@/features/projects/store'
import type { ColumnState } from '@/features/tasks/columns'
import { moveAsking, overLimit } from '@/features/tasks/limits'
import type { Edit, StoredTask } from '@/features/tasks/model'
import { useTasks } from '@/features/tasks/store'
import { useTeams } from '@/features/teams/store'
import { PRIORITIES, PRIORITY_NAMES } from '@/lib/colors'

export type Grouping = 'status' | 'assignee' | 'priority'
export const GROUPINGS: readonly Grouping[] = ['status', 'assignee', 'priority']

/** What stands at the head of a column or of a swimlane. */
export interface Head { value: string; name: string; status?: Status; user?: User | null; priority?: Priority }
export interface Column extends Head {
  /** Unique on the page. */
  id: string
  /** Its name among all of them. */
  label: string
  count: number
  /** The most tasks there should be. */
  limit: number | null
  /** How far it is loaded; null: all of the board is. */
  state: ColumnState | null
}
export interface Lane extends Head { columns: Column[] }

const ALL = 200

/** The columns of a board and its swimlanes, as it is grouped: by status the order is the tasks' own, else that of the statuses. */
export function useLayout(projectId: () => string, grouping: () => Grouping, swimlanes: () => Grouping | null, test: () => ((task: StoredTask) => boolean) | null) {
  const projects = useProjects()
  const tasks = useTasks()
  const teams = useTeams()
  const teamId = (): string => projects.byId(projectId())?.team_id ?? ''
  /** By status, all of it, as it comes. */
  const plain = computed(() => grouping() === 'status' && !lanes() && !test())
  const lanes = (): Grouping | null => (swimlanes() === grouping() ? null : swimlanes())

  const valueOf = (task: StoredTask, by: Grouping): string => (by === 'status' ? task.status : by === 'priority' ? task.priority : (task.assigned_to ?? ''))
  function headsOf(by: Grouping): Head[] {
    if (by === 'status') return projects.statusesOf(projectId()).map(status => ({ value: status.slug, name: status.name, status }))
    if (by === 'priority') return PRIORITIES.map(priority => ({ value: priority, name: PRIORITY_NAMES[priority], priority }))
    const busy = new Set(tasks.known(t => t.project_id === projectId()).map(t => t.assigned_to))
    return [{ value: '', name: 'Nobody', user: null }, ...teams.membersOf(teamId()).filter(m => m.role !== 'viewer' || busy.has(m.id)).map(user => ({ value: user.id, name: user.name, user }))]
  }
  const idOf = (task: StoredTask): string => id(lanes() ? valueOf(task, lanes()!) : null, valueOf(task, grouping()))
  const id = (lane: string | null, column: string): string => (lane === null ? column : `${lane}/${column}`)

  const board = computed((): Map<string, StoredTask[]> => {
    const byStatus = tasks.byStatus(projectId())
    if (plain.value) return byStatus
    const out = new Map<string, StoredTask[]>()
    const shows = test()
    for (const list of byStatus.values()) {
      for (const task of list) {
        if (shows && !shows(task)) continue
        const at = idOf(task)
        const held = out.get(at)
        if (held) held.push(task)
        else out.set(at, [task])
      }
    }
    return out
  })
  const heads = computed(() => headsOf(grouping()))
  const all = computed((): Lane[] => {
    const by = lanes()
    if (!by) return [{ value: '', name: '', columns: heads.value.map(head => column(head, null)) }]
    return headsOf(by).map(lane => ({ ...lane, columns: heads.value.map(head => column(head, lane)) })).filter(lane => lane.columns.some(c => c.count))
  })
  function column(head: Head, lane: Head | null): Column {
    const at = id(lane && lane.value, head.value)
    return {
      ...head, id: at, label: lane ? `${head.name}, ${lane.name}` : head.name, limit: lane === null ? (head.status?.wip_limit ?? null) : null,
      count: plain.value ? tasks.count(projectId(), head.value) : (board.value.get(at)?.length ?? 0),
      state: plain.value ? tasks.column(projectId(), head.value) : null,
    }
  }
  const columns = computed((): Column[] => all.value.flatMap(lane => lane.columns))

  // Where a task belongs by something else than its status is known when all are here: the rest comes in the background.
  watch(() => !plain.value && projects.statusesOf(projectId()).find(s => { const { cursor, loading, failed } = tasks.column(projectId(), s.slug); return cursor !== null && !loading && !failed })?.slug, slug => {
    if (slug) void tasks.loadMore(projectId(), slug, ALL)
  }, { immediate: true })
  const streaming = computed(() => !plain.value && projects.statusesOf(projectId()).some(s => tasks.column(projectId(), s.slug).cursor !== null))

  /** What a task gets that comes into a column; its status apart. */
  function setOf(columnId: string): { edit: Edit; status?: string } {
    const [lane, value] = lanes() ? (columnId.split('/') as [string, string]) : [null, columnId]
    const edit: Edit = {}
    let status: string | undefined
    for (const [by, it] of [[lanes(), lane], [grouping(), value]] as const) {
      if (by === 'status') status = it ?? undefined
      else if (by === 'priority') edit.priority = it as Priority
      else if (by === 'assignee') edit.assigned_to = it || null
    }
    return { edit, ...(status !== undefined && { status }) }
  }
  async function commit(ids: readonly string[], columnId: string, beside: { before?: string; after?: string }): Promise<void> {
    const { edit, status } = setOf(columnId)
    if (status !== undefined && !(await moveAsking(ids, { status, ...beside }))) return
    if (Object.keys(edit).length) await tasks.editMany(ids.map(it => ({ id: it, set: edit })))
  }
  /** More would fill it beyond its limit. */
  function full(ids: readonly string[], columnId: string): boolean {
    const { status } = setOf(columnId)
    return status !== undefined && overLimit(ids, projectId(), status)
  }
  /** Whether one may say where in a column a task goes. */
  const placed = (): boolean => grouping() === 'status' || lanes() === 'status'
  return { lanes: all, columns, board, idOf, setOf, commit, full, placed, plain, streaming }
}
export type Layout = ReturnType<typeof useLayout>
