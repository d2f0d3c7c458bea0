import { defineStore } from 'pinia'
import { computed, shallowReactive, shallowRef, type ComputedRef } from 'vue'
import { ApiError, projects as projectsApi, tasks as api, type Board, type BulkEdit, type Comment, type Message, type TaskInput } from '@/api'
import { newKey } from '@/lib/key'
import { useProjects } from '@/features/projects/store'
import { useSession } from '@/features/session/store'
import { useTeams } from '@/features/teams/store'
import { waitForNetwork } from '@/lib/online'
import { between, byPosition, spread } from '@/lib/rank'
import { columnStates, PAGE, type ColumnState } from './columns'
import type { Courier, Inside } from './courier'
import { makeHistory, type Step } from './history'
import { applyMessage as applyTo } from './messages'
import { keyOf, pick, same, temporaryId, touches, type Back, type Conflict, type Edit, type Kept, type Layer, type Op, type StoredTask, type TaskPatch } from './model'
import { neighbours, placesOf, stays, type Place } from './places'
import { did } from './words'

export interface MoveTarget { status: string; before?: string | null; after?: string | null; project_id?: string }
export interface MutateOptions {
  /** It is a step of undo or redo itself: no new entry, no toast. */
  quiet?: boolean
  back?: Back
}

const MOST = 200
/** The most tasks of one change on the server. */
const BATCH = 500

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
  const history = makeHistory(step)
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

  /** Shows the new task at once, under a temporary id. `done`: null when refused (the reason is in a toast, the input is still the caller's). */
  function begin(projectId: string, input: TaskInput, back?: Back): { id: string; done: Promise<StoredTask | null> } {
    const id = newKey()
    const status = input.status ?? projects.statusesOf(projectId)[0]?.slug ?? 'todo'
    const list = byStatus(projectId).get(status) ?? []
    const [before, after] = neighbours(list, input)
    const now = new Date().toISOString()
    const draft: StoredTask = {
      id: temporaryId(id), team_id: projects.byId(projectId)?.team_id ?? '', project_id: projectId, key: '', number: 0, title: input.title,
      description: input.description ?? '', status, priority: input.priority ?? 'none', position: between(before?.position ?? null, after?.position ?? null),
      labels: input.labels ?? [], assigned_to: input.assigned_to ?? null, created_by: session.user?.id ?? null, imported_author: null,
      due_at: input.due_at ?? null, completed_at: null, comment_count: 0, version: 0, created_at: now, updated_at: now, deleted_at: null,
    }
    const layer = push({ kind: 'create', project_id: projectId, input: { ...input, status } }, 'create the task', [], { id, draft, ...(back && { back }) })
    const entry = history.remember(`Created ${input.title}`, { kind: 'delete', ids: [draft.id] })
    const done = send(layer).then(result => {
      if (!result) history.forget(entry)
      return result && (view(draft.id) ?? null)
    })
    return { id: draft.id, done }
  }
  const create = (projectId: string, input: TaskInput): Promise<StoredTask | null> => begin(projectId, input).done

  /** Changes fields. `was` is what the editor saw; without it, what is shown now. Resolves to whether it was taken. */
  async function edit(id: string, set: Edit, options: MutateOptions & { was?: Edit; /** Says so, with a way back. */ tell?: boolean } = {}): Promise<boolean> {
    const task = view(id)
    if (!task) return false
    const was = pick(options.was ?? task, Object.keys(set))
    if (Object.keys(set).every(k => same(set[k as keyof Edit], task[k as keyof Edit])) && !options.was) return true
    const entry = options.quiet ? null : history.remember(said(set, [task]), { kind: 'edit', edits: [{ task_id: id, set: was, was: set }] })
    const layer = push({ kind: 'edit', task_id: id, set, was }, `save ${keyOf([task])}`, [[idOf(id), set]], { ...(options.back && { back: options.back }) })
    const taken = (await send(layer)) !== null
    if (entry && !taken) history.forget(entry)
    if (entry && taken && options.tell) history.tell(entry)
    return taken
  }
  const said = (set: Edit, list: readonly StoredTask[]): string => did(set, keyOf(list), id => teams.member(list[0]?.team_id ?? '', id)?.name)

  /** Gives many tasks new values, each its own: one request for each team, all or nothing. Resolves to whether it was taken. */
  async function editMany(changes: readonly { id: string; set: Edit }[], text?: string): Promise<boolean> {
    const edits = changes.flatMap(({ id, set }): BulkEdit[] => {
      const task = view(id)
      const names = task ? Object.keys(set).filter(k => !same(set[k as keyof Edit], task[k as keyof Edit])) : []
      return task && names.length ? [{ task_id: task.id, set: pick(set, names), was: pick(task, names) }] : []
    })
    const [first] = edits
    if (!first) return true
    const list = edits.map(e => view(e.task_id)!)
    const entry = history.remember(text ?? said(first.set, list), { kind: 'edit', edits: turned(edits) })
    const taken = await sendEdits(edits)
    if (taken) history.tell(entry)
    else history.forget(entry)
    return taken
  }
  const turned = (edits: readonly BulkEdit[]): BulkEdit[] => edits.map(({ task_id, set, was }) => ({ task_id, set: was, was: set }))
  async function sendEdits(edits: readonly BulkEdit[]): Promise<boolean> {
    const [first, ...more] = edits
    if (!first) return true
    if (!more.length) return edit(first.task_id, first.set, { was: first.was, quiet: true })
    const results = batches(edits, e => view(e.task_id)?.team_id).map(part =>
      sendBatch(push({ kind: 'edits', edits: part }, `change ${keyOf(part.map(e => view(e.task_id)!))}`, part.map(e => [idOf(e.task_id), e.set]))))
    return (await Promise.all(results)).some(taken => taken)
  }
  /** What is sent in one request: a team's, in portions that the server takes. */
  function batches<T>(list: readonly T[], teamOf: (it: T) => string | undefined): T[][] {
    const byTeam = new Map<string, T[]>()
    for (const it of list) {
      const team = teamOf(it)
      if (team !== undefined) byTeam.set(team, [...(byTeam.get(team) ?? []), it])
    }
    return [...byTeam.values()].flatMap(all => Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) => all.slice(i * BATCH, (i + 1) * BATCH)))
  }
  /** Whether at least what nobody else had changed was taken. */
  const sendBatch = async (layer: Layer): Promise<boolean> => ((await send(layer)) ?? (await layer.rest ?? null)) !== null
  const assign = (id: string, userId: string | null, options?: MutateOptions): Promise<boolean> => edit(id, { assigned_to: userId }, options)

  /** Moves tasks, in the given order, beside a neighbour or to the end of a column. */
  async function move(ids: readonly string[], to: MoveTarget, options: MutateOptions & { was?: Record<string, string> } = {}): Promise<boolean> {
    const moving = ids.map(view).filter(t => t !== undefined)
    if (!moving.length) return false
    const projectId = to.project_id ?? moving[0]!.project_id
    const gone = new Set(moving.map(t => t.id))
    const list = (byStatus(projectId).get(to.status) ?? []).filter(t => !gone.has(t.id))
    const [prev, next] = neighbours(list, to)
    const places = placesOf(moving, byStatus)
    // The end of the loaded part of a column is not its end.
    const open = !to.before && !to.after && columns.get(projectId, to.status).cursor !== null
    if (!open && stays(places, moving, { project_id: projectId, status: to.status }, prev, next)) return true
    const ranks = spread(prev?.position ?? null, next?.position ?? null, moving.length)
    const patches = moving.map((t, i): [string, TaskPatch] => [t.id, { status: to.status, position: ranks[i]!, ...(to.project_id && { project_id: to.project_id }) }])
    const beside = to.before ? { before: to.before } : to.after ? { after: to.after } : {}
    const op: Op = { kind: 'move', input: { task_ids: moving.map(t => t.id), status: to.status, ...beside, ...(to.project_id && { project_id: to.project_id }), ...(options.was && { was: options.was }) } }
    const atEdge = prev !== undefined && prev.position === columns.get(projectId, to.status).until
    const name = projects.status(projectId, to.status)?.name ?? to.status
    const entry = options.quiet ? null : history.remember(`Moved ${keyOf(moving)} to ${name}`, { kind: 'move', places, was: Object.fromEntries(moving.map(t => [t.id, to.status])) })
    if (!(await sendBatch(push(op, `move ${keyOf(moving)}`, patches)))) {
      if (entry) history.forget(entry)
      return false
    }
    // Put behind the last loaded task, they are the last loaded ones now: nothing lies between.
    if (atEdge && to.after) columns.set(projectId, to.status, { until: moving.map(t => server.get(idOf(t.id))?.position ?? '').sort().at(-1)! })
    if (entry) history.tell(entry)
    return true
  }
  async function putBack(places: readonly Place[], was: Record<string, string>): Promise<boolean> {
    let taken = false
    for (const { ids, status, project_id, before, after } of places) {
      const there = (id: string | null): id is string => {
        const task = id ? view(id) : undefined
        return task !== undefined && !task.deleted_at && task.status === status && task.project_id === project_id
      }
      const elsewhere = ids.some(id => view(id)?.project_id !== project_id)
      const seen = Object.fromEntries(ids.flatMap(id => (was[id] ? [[id, was[id]]] : [])))
      taken = await move(ids, { status, ...(there(before) ? { before } : there(after) ? { after } : {}), ...(elsewhere && { project_id }) }, { quiet: true, was: seen }) || taken
    }
    return taken
  }

  /** Puts tasks into the trash, all or none. */
  async function remove(ids: readonly string[], options: MutateOptions = {}): Promise<boolean> {
    const gone = ids.map(view).filter(t => t !== undefined)
    const entry = options.quiet || !gone.length ? null : history.remember(`Deleted ${keyOf(gone)}`, { kind: 'restore', ids: gone.map(t => t.id) })
    const taken = await sendTrash('delete', gone, new Date().toISOString())
    if (entry && taken) history.tell(entry)
    else if (entry) history.forget(entry)
    return taken
  }
  /** Brings tasks back from the trash, all or none. */
  async function restore(ids: readonly string[]): Promise<boolean> {
    return sendTrash('restore', ids.map(id => view(id) ?? { id: idOf(id), key: '', team_id: '' }), null)
  }
  async function sendTrash(kind: 'delete' | 'restore', list: readonly Pick<StoredTask, 'id' | 'key' | 'team_id'>[], deleted_at: string | null): Promise<boolean> {
    const sent = batches(list, t => t.team_id).map(part =>
      send(push({ kind, task_ids: part.map(t => t.id) }, `${kind} ${keyOf(part)}`, part.map(t => [idOf(t.id), { deleted_at }]))))
    return (await Promise.all(sent)).every(result => result !== null)
  }

  /** Makes a step of undo or redo; gives what takes it back. */
  async function step(it: Step): Promise<Step | null> {
    switch (it.kind) {
      case 'edit': return (await sendEdits(it.edits)) ? { kind: 'edit', edits: turned(it.edits) } : null
      case 'delete': return (await remove(it.ids, { quiet: true })) ? { kind: 'restore', ids: it.ids } : null
      case 'restore': return (await restore(it.ids)) ? { kind: 'delete', ids: it.ids } : null
      case 'move': {
        const moving = it.places.flatMap(place => place.ids).map(view).filter(t => t !== undefined)
        const places = placesOf(moving, byStatus)
        const was = Object.fromEntries(it.places.flatMap(place => place.ids.map(id => [idOf(id), place.status])))
        return (await putBack(it.places, it.was)) ? { kind: 'move', places, was } : null
      }
    }
  }

  /** Ends a conflict: `keep` is what shall stand of one's own edit (possibly reworked); the rest stays theirs. */
  async function resolve(conflict: Conflict, keepMine: Edit): Promise<boolean> {
    const done = Object.keys(keepMine).length ? edit(conflict.task_id, keepMine, { was: pick(conflict.theirs, Object.keys(keepMine)) }) : Promise.resolve(true)
    conflicts.value = conflicts.value.filter(c => c !== conflict)
    void courier().then(it => it.forget(conflict.id))
    return done
  }
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
    history.clear()
    boards.clear()
    columns.clear()
    aliases.clear()
    held.clear()
  }

  return {
    server, pending, conflicts, stuck, undoStack: history.undoStack, redoStack: history.redoStack, boards, aliases, commented, view, idOf, isPending, known, byStatus, column, count, accept, acceptAll, fetchTask, hold, loadBoard,
    loadMore, resync, applyMessage, beforeSending, mutate, begin, create, edit, editMany, assign, move, remove, restore, undo: history.undo, redo: history.redo, resolve, replay, decide, discard, reset,
  }
})
