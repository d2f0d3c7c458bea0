import { shallowReactive } from 'vue'
import { projects as projectsApi, tasks as api } from '@/api'
import type { StoredTask } from './model'

export const PAGE = 50
const QUIET = 2000

export interface ColumnState {
  /** Where the next page begins; null: every task of the column is here. */
  cursor: string | null
  /** Position of the last loaded task while there are more: what lies behind it is not shown yet. */
  until: string | null
  /** The server's count, moved along by the changes seen since. */
  count: number
  loading: boolean
  failed: boolean
}
const EMPTY: ColumnState = { cursor: null, until: null, count: 0, loading: false, failed: false }

/** What is known of each column: how far it is loaded, and how many tasks it has. */
export function columnStates(acceptAll: (tasks: readonly StoredTask[]) => void) {
  /** Team seq of each loaded board: its counts hold everything up to it. */
  const boards = shallowReactive(new Map<string, { team_id: string; seq: number }>())
  const states = shallowReactive(new Map<string, ColumnState>())
  const key = (projectId: string, slug: string): string => `${projectId}/${slug}`
  const get = (projectId: string, slug: string): ColumnState => states.get(key(projectId, slug)) ?? EMPTY
  function set(projectId: string, slug: string, change: Partial<ColumnState>): void {
    states.set(key(projectId, slug), { ...get(projectId, slug), ...change })
  }
  function add(projectId: string, slug: string, delta: number): void {
    if (states.has(key(projectId, slug))) set(projectId, slug, { count: Math.max(0, get(projectId, slug).count + delta) })
  }
  function clear(projectId?: string): void {
    for (const k of [...states.keys()]) if (!projectId || k.startsWith(`${projectId}/`)) states.delete(k)
  }
  /** Columns that go on beyond what is loaded. */
  const partial = (projectId?: string): [string, ColumnState][] =>
    [...states].filter(([k, s]) => s.cursor !== null && (!projectId || k.startsWith(`${projectId}/`)))

  /** The next page of a column. */
  async function loadMore(projectId: string, slug: string, limit = PAGE): Promise<void> {
    const { cursor, loading, until } = get(projectId, slug)
    if (cursor === null || loading) return
    set(projectId, slug, { loading: true, failed: false })
    try {
      const page = await api.list({ project_id: projectId, status: slug, sort: 'position', cursor, limit })
      if (get(projectId, slug).cursor !== cursor) return // the board was read again meanwhile
      acceptAll(page.items)
      const last = page.items.at(-1)?.position ?? until
      const now = get(projectId, slug).until
      set(projectId, slug, { cursor: page.next_cursor, until: now !== null && last !== null && now > last ? now : last })
    } catch {
      set(projectId, slug, { failed: true })
    } finally {
      set(projectId, slug, { loading: false })
    }
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  const stale = new Set<string>()
  /** Counts of partly loaded columns that the messages could not tell are read again, once things are quiet. */
  function recount(projectId: string): void {
    if (!partial(projectId).length) return
    stale.add(projectId)
    clearTimeout(timer)
    timer = setTimeout(() => {
      const ids = [...stale]
      stale.clear()
      for (const id of ids) void read(id).catch(() => undefined)
    }, QUIET)
  }
  async function read(projectId: string): Promise<void> {
    const board = await projectsApi.board(projectId, 1)
    const held = boards.get(projectId)
    if (!held || stale.has(projectId)) return
    for (const status of board.statuses) set(projectId, status.slug, { count: status.count })
    boards.set(projectId, { ...held, seq: Math.max(held.seq, board.seq) })
  }
  return { get, set, add, clear, partial, boards, loadMore, recount }
}
