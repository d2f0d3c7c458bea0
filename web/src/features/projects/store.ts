import { defineStore } from 'pinia'
import { ref, shallowReactive } from 'vue'
import { projects as projectsApi, type Message, type Project, type ProjectRef, type Status } from '@/api'
import { load, save } from '@/lib/storage'

/** `muted` is known once the project itself was read. */
type Known = ProjectRef & Partial<Project> & { muted?: boolean }
const YEAR = 365 * 86_400_000

/** Projects, by id: the sidebar knows their names, a visited one is whole (`full`). */
export const useProjects = defineStore('projects', () => {
  const all = shallowReactive(new Map<string, Known>())
  const listed = shallowReactive(new Set<string>())
  const lastId = ref<string | null>(load<string>('project') ?? null)

  const byId = (id: string): Known | undefined => all.get(id)
  const full = (id: string): Project | undefined => {
    const known = all.get(id)
    return known?.statuses ? (known as Project) : undefined
  }
  /** Of a team, by name; archived ones only when asked for. */
  const ofTeam = (teamId: string, archived = false): Known[] =>
    [...all.values()].filter(p => p.team_id === teamId && (archived || !p.archived)).sort((a, b) => a.name.localeCompare(b.name))
  /** In the order of the board. */
  const statusesOf = (projectId: string): Status[] => full(projectId)?.statuses ?? []
  const status = (projectId: string, slug: string): Status | undefined => statusesOf(projectId).find(s => s.slug === slug)

  function put(project: Known): void {
    const held = all.get(project.id)
    if (held?.version && project.version && project.version < held.version) return
    all.set(project.id, { ...held, ...project })
  }
  /** Fills the sidebar; `listed` says for which teams that was everything. */
  function seed(refs: ProjectRef[], teamIds: string[]): void {
    for (const known of refs) put(known)
    for (const id of teamIds) listed.add(id)
  }
  function drop(id: string): void {
    all.delete(id)
    if (lastId.value === id) lastId.value = null
  }
  /** Remembers where the person works, for the next visit of "/". */
  function visit(id: string): void {
    if (lastId.value === id) return
    lastId.value = id
    save('project', id, YEAR)
  }
  async function loadTeam(teamId: string, again = false): Promise<Known[]> {
    if (again || !listed.has(teamId)) {
      const { items } = await projectsApi.list(teamId)
      const ids = new Set(items.map(p => p.id))
      for (const held of ofTeam(teamId, true)) if (!ids.has(held.id)) all.delete(held.id)
      items.forEach(put)
      listed.add(teamId)
    }
    return ofTeam(teamId)
  }
  async function fetch(id: string): Promise<Project> {
    const project = await projectsApi.get(id)
    put(project)
    return project
  }
  function applyMessage(message: Message): void {
    if (message.type === 'project.created' || message.type === 'project.updated') put(message.project)
    else if (message.type === 'project.deleted') drop(message.project.id)
    else if (message.type === 'team.deleted') dropTeam(message.team_id)
  }
  function dropTeam(teamId: string): void {
    for (const project of ofTeam(teamId, true)) drop(project.id)
    listed.delete(teamId)
  }
  function reset(): void {
    all.clear()
    listed.clear()
  }

  return { byId, full, ofTeam, statusesOf, status, listed, lastId, put, seed, drop, dropTeam, visit, loadTeam, fetch, applyMessage, reset }
})
