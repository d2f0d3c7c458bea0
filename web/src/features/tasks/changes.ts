import type { ShallowRef } from 'vue'
import type { BulkEdit, TaskInput } from '@/api'
import { useProjects } from '@/features/projects/store'
import { useSession } from '@/features/session/store'
import { useTeams } from '@/features/teams/store'
import { newKey } from '@/lib/key'
import { between, spread } from '@/lib/rank'
import type { columnStates } from './columns'
import type { Courier } from './courier'
import { makeHistory, type Entry, type Step } from './history'
import { keyOf, pick, same, temporaryId, type Back, type Conflict, type Edit, type Layer, type Op, type StoredTask, type TaskPatch } from './model'
import { neighbours, placesOf, stays, type Place } from './places'
import { did } from './words'

export interface MoveTarget { status: string; before?: string | null; after?: string | null; project_id?: string }
export interface MutateOptions {
  /** It is a step of undo or redo itself: no new entry, no toast. */
  quiet?: boolean
  back?: Back
}

/** What changing needs of the store. */
interface Inside {
  view(id: string): StoredTask | undefined
  idOf(id: string): string
  byStatus(projectId: string): Map<string, StoredTask[]>
  server: Map<string, StoredTask>
  columns: ReturnType<typeof columnStates>
  conflicts: ShallowRef<readonly Conflict[]>
  push(op: Op, does: string, patches: Iterable<[string, TaskPatch]>, more?: { id?: string; draft?: StoredTask; back?: Back }): Layer
  send(layer: Layer): Promise<StoredTask[] | null>
  courier(): Promise<Courier>
  undoStack: ShallowRef<readonly Entry[]>
  redoStack: ShallowRef<readonly Entry[]>
}
export type Changes = ReturnType<typeof makeChanges>

/** The most tasks of one change on the server. */
const BATCH = 500

/** What one does to tasks: each change shows at once as a layer, is sent, and can be taken back. */
export function makeChanges(inside: Inside) {
  const { view, idOf, byStatus, server, columns, conflicts, push, send, courier } = inside
  const session = useSession()
  const projects = useProjects()
  const teams = useTeams()
  const history = makeHistory(step, inside)

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

  return { begin, create, edit, editMany, assign, move, remove, restore, undo: history.undo, redo: history.redo, resolve }
}
