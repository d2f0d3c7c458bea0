import type { ShallowRef } from 'vue'
import { ApiError, reason, type Comment, type TaskConflict } from '@/api'
import { newKey } from '@/lib/key'
import { announce } from '@/lib/announce'
import { waitForNetwork } from '@/lib/online'
import { useToast } from '@/ui/toast'
import { divide } from './divide'
import { temporaryId, type Conflict, type Kept, type Layer, type Op, type StoredTask, type TaskPatch } from './model'
import { openBox } from './outbox'
import { isTemporary, perform, written, type Answer } from './perform'

// Loaded at leisure: until it is here, changes wait as layers.

/** What the courier needs of the store. */
export interface Inside {
  user(): string | undefined
  /** Counts logouts: what was under way before one no longer concerns this page. */
  generation(): number
  /** Resolves when changes may be sent: after a sleep, what happened meanwhile is read first. */
  ready(): Promise<unknown>
  pending: ShallowRef<readonly Layer[]>
  conflicts: ShallowRef<readonly Conflict[]>
  stuck: ShallowRef<readonly Kept[]>
  idOf(id: string): string
  server: Map<string, StoredTask>
  accept(task: StoredTask, born?: boolean): void
  fetchTask(id: string): Promise<unknown>
  /** Sends after what is under way for the same tasks, and after `first`. */
  send(layer: Layer, first?: Promise<unknown>): Promise<StoredTask[] | null>
  settle(layer: Layer): void
  /** Shows a change and sends it. */
  change(op: Op, does: string, patches: Iterable<[string, TaskPatch]>): Promise<StoredTask[] | null>
  rename(layer: Layer, id: string): void
  /** Those who show comments. */
  commented: Set<(op: Op, comment?: Comment) => void>
}
export type Courier = ReturnType<typeof makeCourier>

/** The server remembers keys for 24 hours; later a repeat could do a thing twice. */
const TTL = 23 * 3_600_000
const OLD = 'It was written more than a day ago. It may have been saved then; sending it now could do it twice.'
class Expired extends Error {}

/** Keeps changes, sends them, and sorts out the answers. */
export function makeCourier(inside: Inside) {
  const toast = useToast()
  const box = openBox()
  /** This page among those of one browser: whose writes are looked after, and whose page is gone? */
  const tab = newKey()
  const lock = (id: string): string => `tandem-tab:${id}`
  const alive = new Promise<void>(held => {
    if (!navigator.locks) return held()
    navigator.locks.request(lock(tab), () => (held(), new Promise<never>(() => undefined))).catch(() => held())
  })

  // ---- Keeping -------------------------------------------------------------------------------------------------

  const each = async (change: (kept: Kept) => Kept | null): Promise<void> => (await box).each(change)

  /** Resolves when the layer outlives the page. Call in the order of the changes. */
  async function keep(layer: Layer, user: string): Promise<void> {
    const { id, op, does, draft, at } = layer
    const kept: Kept = plain({ id, op, does, at, user, tab, patches: [...layer.patches], ...(draft && { draft }) }, temporary => inside.idOf(temporary))
    await alive
    await (await box).add(kept)
  }
  /** It is on the server, or was given up; what was made on top of it learns its name there. */
  function forget(id: string): Promise<void> {
    const [temporary, real] = [temporaryId(id), inside.idOf(temporaryId(id))]
    return each(kept => (kept.id === id ? null : temporary === real ? kept : plain(kept, it => (it === temporary ? real : it))))
  }
  const here = (id: string): boolean => [inside.pending, inside.conflicts, inside.stuck].some(list => list.value.some(it => it.id === id))

  const watched = new Set([lock(tab)])
  /** The locks of the pages that live. When one of them closes, what it leaves is taken over. */
  async function living(): Promise<Set<string>> {
    const names = ((await navigator.locks?.query())?.held ?? []).map(held => held.name ?? '').filter(name => name.startsWith(lock('')))
    for (const name of names) {
      if (watched.has(name)) continue
      watched.add(name)
      // Only once the lock is free again does its page count as gone.
      void navigator.locks.request(name, () => undefined).then(replay).catch(() => undefined)
    }
    return new Set(names)
  }
  /** Takes over what pages left behind that are gone. Only one page at a time does. */
  function adopt(user: string): Promise<Kept[]> {
    const run = async (): Promise<Kept[]> => {
      const others = await living()
      const found: Kept[] = []
      await each(kept => {
        if (kept.user !== user || here(kept.id) || (kept.tab !== tab && others.has(lock(kept.tab)))) return kept
        found.push({ ...kept, tab })
        return found.at(-1)!
      })
      return found
    }
    return alive.then(() => (navigator.locks ? navigator.locks.request('tandem-outbox', run) as Promise<Kept[]> : run()))
  }
  let taking: Promise<unknown> = Promise.resolve()
  /** Shows and sends what earlier pages could not, in the order in which it was made. */
  function replay(): Promise<void> {
    const run = taking.then(takeOver)
    taking = run.catch(() => undefined)
    return run.then(sendAll)
  }
  async function takeOver(): Promise<Layer[]> {
    const user = inside.user()
    const mine = inside.generation()
    const found = user ? await adopt(user) : []
    if (mine !== inside.generation()) return []
    const old = (kept: Kept): boolean => kept.stuck !== undefined || Date.now() - kept.at > TTL
    inside.stuck.value = [...inside.stuck.value, ...found.filter(old).map(kept => ({ ...kept, stuck: kept.stuck ?? OLD }))]
    return show(found.filter(kept => !old(kept)))
  }
  function show(list: readonly Kept[]): Layer[] {
    const layers = list.map(({ id, op, does, at, patches, draft }): Layer => ({ id, op, does, at, patches: new Map(patches), acked: false, ...(draft && { draft }) }))
    if (layers.length) inside.pending.value = [...layers, ...inside.pending.value]
    return layers
  }
  async function sendAll(layers: readonly Layer[]): Promise<void> {
    let last: Promise<unknown> = Promise.resolve()
    for (const layer of layers) last = inside.send(layer, last)
    await last
  }
  /** The person's word on what is stuck: sent as if it were made now, or thrown away. */
  async function decide(list: readonly Kept[], send: boolean): Promise<void> {
    const ids = new Set(list.map(kept => kept.id))
    inside.stuck.value = inside.stuck.value.filter(kept => !ids.has(kept.id))
    const at = Date.now()
    const again = (kept: Kept): Kept => {
      const made = { ...kept, at, tab }
      delete made.stuck
      return made
    }
    // Among the pending first, so that nothing takes it for a leftover.
    const layers = send ? show(list.map(again)) : []
    await each(kept => (!ids.has(kept.id) ? kept : send ? again(kept) : null))
    await sendAll(layers)
  }
  /** At logout, after the person agreed to lose it. */
  const discard = (): Promise<void> => each(kept => (kept.tab === tab && kept.user === inside.user() ? null : kept))

  // ---- Sending -------------------------------------------------------------------------------------------------

  async function deliver(layer: Layer): Promise<StoredTask[] | null> {
    const mine = inside.generation()
    let keeps = false
    let contested: TaskConflict[] = []
    try {
      const { tasks, comment } = await persist(layer, mine)
      take(layer, tasks, comment)
      return tasks
    } catch (error) {
      if (error instanceof ApiError && error.code === 'conflict') contested = error.tasks
      // What could not be sent for want of a login is sent after the next one.
      keeps = !contested.length && (mine !== inside.generation() || (error instanceof ApiError && error.status === 401) || refuse(layer, error))
      return null
    } finally {
      if (contested.length) layer.rest = divide(layer, contested, inside)
      if (!keeps) void forget(layer.id)
      inside.settle(layer)
    }
  }
  function take(layer: Layer, tasks: readonly StoredTask[], comment?: Comment): void {
    const { op } = layer
    const made = op.kind === 'create' ? tasks[0] : op.kind === 'comment' ? comment : undefined
    if (made) inside.rename(layer, made.id)
    for (const task of tasks) inside.accept(task, op.kind === 'create')
    // The echo has said all this, with the true times and counts.
    if (layer.acked) return
    const task = 'task_id' in op ? inside.server.get(inside.idOf(op.task_id)) : undefined
    for (const id of op.kind === 'delete' && !tasks.length ? op.task_ids : []) {
      const task = inside.server.get(inside.idOf(id))
      if (task && !task.deleted_at) inside.accept({ ...task, deleted_at: new Date().toISOString() })
    }
    if (!op.kind.startsWith('comment')) return
    const more = op.kind === 'comment' ? 1 : op.kind === 'comment-delete' ? -1 : 0
    if (task && more) inside.accept({ ...task, comment_count: Math.max(0, task.comment_count + more) })
    for (const listener of inside.commented) listener(op, comment)
  }
  /** Until there is an answer; the key makes every repeat the same write. */
  async function persist(layer: Layer, mine: number): Promise<Answer> {
    for (let wait = 1000; ; wait = Math.min(wait * 2, 30_000)) {
      await inside.ready()
      if (layer.acked) return { tasks: [] }
      if (mine !== inside.generation()) throw new Error('logged out')
      if (Date.now() - layer.at > TTL) throw new Expired(OLD)
      try {
        return await perform(layer.op, layer.id, inside.idOf)
      } catch (error) {
        const passing = error instanceof ApiError && (error.isNetwork || [429, 502, 503, 504].includes(error.status))
        if (!passing) throw error
        if (!layer.acked) await waitForNetwork(wait)
      }
    }
  }
  /** True: it stays in the box. */
  function refuse(layer: Layer, error: unknown): boolean {
    const { op } = layer
    const refusal = error instanceof ApiError ? error : undefined
    if (refusal?.code === 'conflict' && refusal.current && op.kind === 'edit') {
      inside.accept(refusal.current)
      inside.conflicts.value = [...inside.conflicts.value, { id: layer.id, task_id: refusal.current.id, set: op.set, was: op.was, theirs: refusal.current, fields: refusal.conflicts }]
      announce('Somebody else changed the same field. Choose which version to keep.')
      return true
    }
    if (op.kind.startsWith('comment')) {
      if (refusal?.current) for (const listener of inside.commented) listener(op, refusal.current as unknown as Comment)
    } else if (refusal?.current) inside.accept(refusal.current)
    if (refusal?.status === 404) for (const id of layer.patches.keys()) void inside.fetchTask(id).catch(() => undefined)
    const why = refusal?.code === 'conflict' ? 'It was changed elsewhere meanwhile.' : refusal ? reason(refusal) : error instanceof Error ? error.message : reason(error)
    const told = `Could not ${layer.does}. ${why}`
    if (error instanceof Expired || (written(op).length && !layer.back?.(why))) {
      // Nobody's form is open to take the words back.
      void each(kept => (kept.id === layer.id ? { ...kept, stuck: told } : kept))
      const user = inside.user()
      if (user) inside.stuck.value = [...inside.stuck.value, { ...layer, patches: [...layer.patches], user, tab, stuck: told }]
      return true
    }
    toast.error(told)
    return false
  }

  // A page that is gone by now may have left something.
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') void replay() })
  window.addEventListener('online', () => void replay())

  return { keep, deliver, replay, decide, forget, discard }
}

/** A copy that storage takes, with temporary ids as far as they are known replaced. */
function plain<T>(value: T, idOf: (temporary: string) => string): T {
  return JSON.parse(JSON.stringify(value), (_, it: unknown) => (typeof it === 'string' && isTemporary(it) ? idOf(it) : it)) as T
}
