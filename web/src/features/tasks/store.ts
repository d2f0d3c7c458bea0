import { defineStore } from 'pinia'
import { computed, shallowReactive, shallowRef, type ComputedRef } from 'vue'
import { ApiError, projects as projectsApi, tasks as api, type Board, type Comment, type Message } from '@/api'
import { newKey } from '@/lib/key'
import { useProjects } from '@/features/projects/store'
import { useSession } from '@/features/session/store'
import { useTeams } from '@/features/teams/store'
import { waitForNetwork } from '@/lib/online'
import { byPosition } from '@/lib/position'
import { columnStates, PAGE, type ColumnState } from './columns'
import type { Courier, Inside } from './courier'
import type { Changes } from './changes'
import type { Entry } from './history'
import { applyMessage as applyTo } from './messages'
import { temporaryId, touches, type Back, type Conflict, type Kept, type Layer, type Op, type StoredTask, type TaskPatch } from './model'

const MOST = 200

/**
 * Tasks: view = what the server said + layers of local changes it has not confirmed. Taking a layer away is the
 * rollback, so a refused change never undoes somebody else's.
 */
export const useTasks = defineStore('tasks', () => {
  const session = useSession()
  const projects = useProjects()
  const teams = useTeams()

  const server = shallowReactive(new Map<string, StoredTask>())
  const pending = shallowRef<readonly Layer[]>([])
  const conflicts = shallowRef<readonly Conflict[]>([])
  /** What somebody wrote and what will not be sent by itself any more. */
  const stuck = shallowRef<readonly Kept[]>([])
  /** What this tab did, to be taken back, and made again. */
  const undoStack = shallowRef<readonly Entry[]>([])
  const redoStack = shallowRef<readonly Entry[]>([])
  const aliases = shallowReactive(new Map<string, string>())
  const columns = columnStates(acceptAll)
  const { boards, loadMore, recount } = columns
  const held = new Map<string, number>()
  const tails = new Map<string, Promise<unknown>>()
  /** Counts logouts: what was under way before one no longer concerns this page. */
  let generation = 0
  const fetching = new Map<string, Promise<StoredTask | undefined>>()

  // ---- Reading -------------------------------------------------------------------------------------------------

  const overlay = computed(() => {
    const out = new Map<string, TaskPatch>()
    for (const { patches } of pending.value) for (const [id, patch] of patches) out.set(idOf(id), { ...out.get(idOf(id)), ...patch })
    return out
  })
  const drafts = computed(() => new Map(pending.value.flatMap(l => (l.draft ? [[l.draft.id, l.draft] as const] : []))))

  /** A temporary id stays good after the server has given the task its own. */
  function idOf(id: string): string {
    return aliases.get(id) ?? id
  }
  /** A task as it is to be shown, pending changes included. */
  function view(id: string): StoredTask | undefined {
    const task = server.get(idOf(id)) ?? drafts.value.get(id)
    const patch = task && overlay.value.get(task.id)
    return patch ? { ...task, ...patch } : task
  }
  const isPending = (id: string): boolean => overlay.value.has(idOf(id)) || drafts.value.has(id)
  const known = (test: (task: StoredTask) => boolean): StoredTask[] => [...server.keys()].map(id => view(id)!).filter(t => !t.deleted_at && test(t))

  const boardViews = new Map<string, ComputedRef<Map<string, StoredTask[]>>>()
  /** The columns of a project, each in order: what is loaded, without gaps. */
  function byStatus(projectId: string): Map<string, StoredTask[]> {
    let board = boardViews.get(projectId)
    if (!board) boardViews.set(projectId, (board = computed(() => group(projectId))))
    return board.value
  }
  function group(projectId: string): Map<string, StoredTask[]> {
    const out = new Map<string, StoredTask[]>(projects.statusesOf(projectId).map(s => [s.slug, []]))
    for (const id of [...server.keys(), ...drafts.value.keys()]) {
      const task = view(id)!
      if (task.project_id !== projectId || task.deleted_at) continue
      const { cursor, until } = columns.get(projectId, task.status)
      const beyond = cursor !== null && until !== null && task.position > until
      if (!beyond || isPending(id)) out.get(task.status)?.push(task)
    }
    for (const list of out.values()) list.sort(byPosition)
    return out
  }
  const column = (projectId: string, slug: string): ColumnState => columns.get(projectId, slug)
  /** Number of tasks in a column, those that are not loaded included. */
  function count(projectId: string, slug: string): number {
    const state = columns.get(projectId, slug)
    if (state.cursor === null) return byStatus(projectId).get(slug)?.length ?? 0
    let delta = 0
    for (const id of new Set([...overlay.value.keys(), ...drafts.value.keys()])) {
      const [was, is] = [slot(server.get(id)), slot(view(id))]
      if (was !== is) delta += Number(is === `${projectId}/${slug}`) - Number(was === `${projectId}/${slug}`)
    }
    return Math.max(0, state.count + delta)
  }

  // ---- What the server says ------------------------------------------------------------------------------------

  const slot = (t: StoredTask | undefined): string | null => (t && !t.deleted_at ? `${t.project_id}/${t.status}` : null)

  /** Takes the server's version of a task; an older one than ours is dropped. `born`: it was in no count before. */
  function accept(task: StoredTask, born = false): void {
    const old = server.get(task.id)
    if (old && task.version < old.version) return
    const next = old ? { ...old, ...task } : task
    // The rendered text belongs to the source it came with.
    if (old && task.description !== undefined && task.description !== old.description && task.description_html === undefined) delete next.description_html
    if (old && task.assigned_to !== old.assigned_to && task.assignee === undefined) delete next.assignee
    const [was, is] = [slot(old), slot(next)]
    if (was !== is && (old || born)) {
      for (const [at, delta] of [[was, -1], [is, 1]] as const) {
        if (at) columns.add(at.slice(0, at.indexOf('/')), at.slice(at.indexOf('/') + 1), delta)
      }
    }
    server.set(task.id, next)
  }
  function acceptAll(list: readonly StoredTask[]): void {
    for (const task of list) accept(task)
  }

  /** Reads a task with all its details. Undefined: there is no such task (any more). */
  function fetchTask(id: string): Promise<StoredTask | undefined> {
    const real = idOf(id)
    let run = fetching.get(real)
    if (!run) {
      run = api.get(real).then(
        task => (accept(task), view(real)),
        (error: unknown) => {
          if (!(error instanceof ApiError && error.status === 404)) throw error
          server.delete(real)
          return undefined
        },
      ).finally(() => fetching.delete(real))
      fetching.set(real, run)
    }
    return run
  }
  /** Keeps a task's details fresh while a dialog shows it; call the result when it closes. */
  function hold(id: string): () => void {
    const real = idOf(id)
    held.set(real, (held.get(real) ?? 0) + 1)
    return () => {
      const left = (held.get(real) ?? 1) - 1
      if (left) held.set(real, left)
      else held.delete(real)
    }
  }

  /** Loads a project's board, or takes a snapshot that is already here. */
  async function loadBoard(projectId: string, snapshot?: Board): Promise<Board> {
    const deepest = Math.max(PAGE, ...[...byStatus(projectId).values()].map(list => list.length))
    const board = snapshot ?? (await projectsApi.board(projectId, Math.min(MOST, deepest)))
    const { project, seq } = board
    const present = new Set(Object.values(board.columns).flatMap(c => c.items.map(t => t.id)))
    for (const [id, task] of [...server]) {
      if (task.project_id === projectId && !present.has(id) && !held.has(id) && !isPending(id)) server.delete(id)
    }
    for (const { items } of Object.values(board.columns)) acceptAll(items)
    columns.clear(projectId)
    for (const status of board.statuses) {
      const page = board.columns[status.slug]
      columns.set(projectId, status.slug, { cursor: page?.next_cursor ?? null, until: page?.items.at(-1)?.position ?? null, count: status.count, loading: false, failed: false })
    }
    boards.set(projectId, { team_id: project.team_id, seq })
    projects.put({ ...project, statuses: board.statuses })
    teams.setMembers(project.team_id, board.members)
    teams.setLabels(project.team_id, board.labels)
    return board
  }
  /** Reads everything held of a team again, when its stream could not be continued. Gives the oldest position read. */
  async function resync(teamId: string): Promise<{ seq: number; epoch: string } | null> {
    const mine = [...boards].filter(([, b]) => b.team_id === teamId).map(([id]) => id)
    const read = await Promise.all([
      ...mine.map(id => loadBoard(id)),
      ...[...held.keys()].filter(id => server.get(id)?.team_id === teamId).map(id => fetchTask(id).then(() => null)),
    ])
    return read.filter(b => b !== null).sort((a, b) => a.seq - b.seq)[0] ?? null
  }

  function applyMessage(message: Message): void {
    const layer = message.mutation_id ? pending.value.find(l => l.id === message.mutation_id) : undefined
    applyTo(message, { server, boards, columns, held, accept, fetchTask, recount, reload: id => loadBoard(id) })
    if (!layer) return
    layer.acked = true
    if (layer.op.kind === 'create' && message.type === 'task.created' && 'task_id' in message) rename(layer, message.task_id)
    else if (message.type === 'comment.added') rename(layer, message.comment.id)
    settle(layer)
  }

  /** It has its own id now. Ops that wait under the temporary one still come before new ones. */
  function rename(layer: Layer, id: string): void {
    const temporary = temporaryId(layer.id)
    aliases.set(temporary, id)
    const tail = tails.get(temporary)
    if (tail) tails.set(id, tail)
  }

  // ---- Changing ------------------------------------------------------------------------------------------------

  function settle(layer: Layer): void {
    pending.value = pending.value.filter(l => l !== layer)
  }
  function push(op: Op, does: string, patches: Iterable<[string, TaskPatch]>, more: { id?: string; draft?: StoredTask; back?: Back } = {}): Layer {
    const layer: Layer = { id: newKey(), op, does, patches: new Map(patches), acked: false, at: Date.now(), ...more }
    pending.value = [...pending.value, layer]
    return layer
  }
  /** Sends a layer, once it is kept, after all earlier ones on the same tasks. The tasks as the server has them now; null: refused. */
  function send(layer: Layer, first: Promise<unknown> = keep(layer)): Promise<StoredTask[] | null> {
    const ids = [...touches(layer.op), ...(layer.draft ? [layer.draft.id] : [])]
    const earlier = Promise.all([first, ...ids.map(id => tails.get(idOf(id)) ?? tails.get(id))])
    const run = earlier.then(courier).then(it => it.deliver(layer))
    for (const id of ids) {
      tails.set(id, run)
      void run.finally(() => tails.get(id) === run && tails.delete(id))
    }
    return run
  }
  async function keep(layer: Layer): Promise<void> {
    const user = session.user?.id
    if (user) await (await courier()).keep(layer, user)
  }
  let coming: Promise<Courier> | undefined
  /** Sending is not part of the first load. */
  function courier(): Promise<Courier> {
    const load = async (): Promise<Courier> => {
      for (;;) {
        const it = await import('./courier').catch(() => waitForNetwork(5000))
        if (it) return it.makeCourier(inside)
      }
    }
    return (coming ??= load())
  }
  const commented: Inside['commented'] = new Set<(op: Op, comment?: Comment) => void>()
  let ready: () => Promise<unknown> = () => Promise.resolve()
  const inside: Inside = {
    user: () => session.user?.id, generation: () => generation, ready: () => ready(),
    pending, conflicts, stuck, idOf, server, accept, fetchTask, send, settle, rename, commented,
    change: (op, does, patches) => send(push(op, does, patches)),
  }
  /** Before each sending, `check` has the last word: after a sleep, what was missed is read first. */
  function beforeSending(check: () => Promise<unknown>): void {
    ready = check
  }
  /** A change that is not of the tasks alone: shows `patches` and sends `op`. Resolves to whether it was taken. */
  const mutate = async (op: Op, does: string, patches: Iterable<[string, TaskPatch]>, back?: Back): Promise<boolean> => (await send(push(op, does, patches, { ...(back && { back }) }))) !== null

  let changes: Changes | undefined
  let preparing: Promise<Changes> | undefined
  /** What one does is not part of the first load either. */
  function prepare(): Promise<Changes> {
    const load = async (): Promise<Changes> => {
      for (;;) {
        const it = await import('./changes').catch(() => waitForNetwork(5000))
        if (it) return (changes = it.makeChanges({ view, idOf, byStatus, server, columns, conflicts, push, send, courier, undoStack, redoStack }))
      }
    }
    return (preparing ??= load())
  }
  /** Carries a change out, at once when the code for it is here. */
  function change<K extends Exclude<keyof Changes, 'begin'>>(name: K): Changes[K] {
    const run = (it: Changes, args: unknown[]): Promise<unknown> => (it[name] as (...args: unknown[]) => Promise<unknown>)(...args)
    return ((...args: unknown[]) => (changes ? run(changes, args) : prepare().then(it => run(it, args)))) as Changes[K]
  }
  /** Shows a new task at once, under a temporary id, for whoever has waited for `prepare`. */
  const begin = (...args: Parameters<Changes['begin']>): ReturnType<Changes['begin']> => changes!.begin(...args)

  /** Shows and sends what an earlier page could not. Call once after login. */
  const replay = async (): Promise<void> => (await courier()).replay()
  /** Sends what is stuck again, or throws it away. */
  const decide = async (list: readonly Kept[], again: boolean): Promise<void> => (await courier()).decide(list, again)
  /** Forgets what this page has not sent: the person agreed, and the next one at this computer shall not find it. */
  const discard = async (): Promise<void> => (await courier()).discard()
  function reset(): void {
    generation++
    server.clear()
    pending.value = []
    conflicts.value = []
    stuck.value = []
    undoStack.value = redoStack.value = []
    boards.clear()
    columns.clear()
    aliases.clear()
    held.clear()
  }

  return {
    server, pending, conflicts, stuck, undoStack, redoStack, boards, aliases, commented, view, idOf, isPending, known, byStatus, column, count, accept, acceptAll, fetchTask, hold, loadBoard,
    loadMore, resync, applyMessage, beforeSending, mutate, prepare, begin, replay, decide, discard, reset,
    create: change('create'), edit: change('edit'), editMany: change('editMany'), assign: change('assign'), move: change('move'), remove: change('remove'), restore: change('restore'),
    undo: change('undo'), redo: change('redo'), resolve: change('resolve'),
  }
})
