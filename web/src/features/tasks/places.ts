import type { StoredTask } from './model'

/** Where neighbouring tasks stood: beside whom, which stays true when others move meanwhile; an index would not. */
export interface Place {
  ids: string[]
  status: string
  project_id: string
  before: string | null
  after: string | null
  /** False for tasks that no loaded column holds: only their status is known. */
  found: boolean
}

export function placesOf(moving: readonly StoredTask[], board: (projectId: string) => Map<string, readonly StoredTask[]>): Place[] {
  const ids = new Set(moving.map(t => t.id))
  const out: Place[] = []
  for (const key of new Set(moving.map(t => `${t.project_id}/${t.status}`))) {
    const { project_id, status } = moving.find(t => `${t.project_id}/${t.status}` === key)!
    const list = board(project_id).get(status) ?? []
    let run: Place | null = null
    let after: string | null = null
    for (const task of list) {
      if (ids.delete(task.id)) {
        if (run) run.ids.push(task.id)
        else out.push((run = { ids: [task.id], status, project_id, before: null, after, found: true }))
      } else {
        if (run) run.before = task.id
        run = null
        after = task.id
      }
    }
  }
  for (const task of moving) {
    if (ids.has(task.id)) out.push({ ids: [task.id], status: task.status, project_id: task.project_id, before: null, after: null, found: false })
  }
  return out
}

/** The two tasks between which something comes that is put beside a neighbour, or else to the end. */
export function neighbours(list: readonly StoredTask[], to: { before?: string | null; after?: string | null }): [StoredTask | undefined, StoredTask | undefined] {
  let at = list.length
  if (to.before) at = list.findIndex(t => t.id === to.before)
  else if (to.after) at = list.findIndex(t => t.id === to.after) + 1 || list.length
  if (at < 0) at = list.length
  return [list[at - 1], list[at]]
}

/** Dropping tasks where they already are is no change. */
export function stays(places: readonly Place[], moving: readonly StoredTask[], to: { project_id: string; status: string }, prev?: StoredTask, next?: StoredTask): boolean {
  const [place] = places
  if (places.length !== 1 || !place?.found) return false
  return place.status === to.status && place.project_id === to.project_id && place.before === (next?.id ?? null) && place.after === (prev?.id ?? null)
    && place.ids.every((id, i) => id === moving[i]!.id)
}
