import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { filters as api, type SavedFilter } from '@/api'
import { useProjects } from '@/features/projects/store'
import { useStream } from '@/features/realtime/stream'
import { useSession } from '@/features/session/store'
import { filtersOf, queryOf, type Filters } from './state'

/** What a saved filter says, as a view holds it. */
export const savedState = (filter: SavedFilter): Filters => filtersOf(Object.fromEntries(new URLSearchParams(filter.query)))
export const queryText = (filters: Filters): string => new URLSearchParams(queryOf(filters) as Record<string, string>).toString()
/** Whether both let the same tasks through, as far as their words tell. */
export const alike = (a: Filters, b: Filters): boolean => queryText(a) === queryText(b)

/** Saved filters, by the project that they are of; under '' those of one's own tasks. Live for as long as the app runs. */
export const useSavedFilters = defineStore('saved-filters', () => {
  const projects = useProjects()
  const stream = useStream()
  const session = useSession()
  const lists = shallowReactive(new Map<string, readonly SavedFilter[]>())
  const loading = new Map<string, Promise<void>>()

  const of = (place: string): readonly SavedFilter[] => lists.get(place) ?? []
  const byName = (a: SavedFilter, b: SavedFilter): number => a.name.localeCompare(b.name)
  /** Only what was loaded is kept up to date. */
  function put(filter: SavedFilter): void {
    const place = filter.project_id ?? ''
    const list = lists.get(place)
    if (!list) return
    const held = list.find(f => f.id === filter.id)
    if (held && held.updated_at > filter.updated_at) return
    lists.set(place, [...list.filter(f => f !== held), filter].sort(byName))
  }
  function drop({ id, project_id }: SavedFilter): void {
    const list = lists.get(project_id ?? '')
    if (list) lists.set(project_id ?? '', list.filter(f => f.id !== id))
  }
  function load(place: string, again = false): Promise<void> {
    if (lists.has(place) && !again) return Promise.resolve()
    const running = loading.get(place) ?? api.list(place).then(({ items }) => void lists.set(place, [...items].sort(byName))).finally(() => loading.delete(place))
    loading.set(place, running)
    return running
  }
  async function create(place: string, input: Parameters<typeof api.create>[1]): Promise<SavedFilter> {
    const made = await api.create(place, input)
    put(made)
    return made
  }
  async function update(id: string, input: Parameters<typeof api.update>[1]): Promise<SavedFilter> {
    const now = await api.update(id, input)
    put(now)
    return now
  }
  async function remove(filter: SavedFilter): Promise<void> {
    await api.remove(filter.id)
    drop(filter)
  }

  function hear(message: { type: string }): void {
    if (!('filter' in message)) return
    const filter = message.filter as SavedFilter
    if (message.type !== 'filter.deleted') put(filter)
    // One's own that is shared no longer has gone from the team's stream alone.
    else if (filter.user_id !== session.user?.id || !('team_id' in message)) drop(filter)
    else void load(filter.project_id ?? '', true).catch(() => undefined)
  }
  stream.listen(hear)
  stream.listenPersonal(hear)
  stream.onRestart(teamId => {
    for (const place of lists.keys()) if ((place ? projects.byId(place)?.team_id : null) === teamId || !teamId) void load(place, true).catch(() => undefined)
  })
  session.onEnd(() => lists.clear())
  return { lists, of, load, create, update, remove }
})
