import { computed, type ComputedRef } from 'vue'
import type { Category } from '@/api'
import { useProjects } from '@/features/projects/store'
import type { StoredTask } from '@/features/tasks/model'
import { useTeams } from '@/features/teams/store'
import { PRIORITIES, PRIORITY_NAMES } from '@/lib/colors'
import type { Option } from '@/ui/combobox'
import { CATEGORIES, type FilterField, type ManyField } from './state'

/** Where a view looks for tasks: in a project, in a team, or at what is assigned to the reader, in all teams. */
export type Scope = { kind: 'project'; id: string } | { kind: 'team'; id: string } | { kind: 'mine' }

/** What the fields of filters can be, for people to choose from and to type. */
export type Vocabulary = Record<ManyField, readonly Option[]>

export const FIELD_NAMES: Record<FilterField, string> = {
  status: 'Status', category: 'Category', priority: 'Priority', label: 'Label', assignee: 'Assignee', created_by: 'Created by', due: 'Due', created: 'Created', completed: 'Completed', open: 'Open',
}
export const CATEGORY_NAMES: Record<Category, string> = { backlog: 'Backlog', active: 'Active', done: 'Done', cancelled: 'Cancelled' }

const byLabel = (a: Option, b: Option): number => a.label.localeCompare(b.label)
/** One option for each value; what several teams or projects call alike is chosen once. */
const once = (list: readonly Option[]): Option[] => [...new Map(list.map(o => [o.value, o])).values()]

export function useVocabulary(scope: () => Scope): ComputedRef<Vocabulary> {
  const teams = useTeams()
  const projects = useProjects()
  return computed(() => {
    const it = scope()
    const project = it.kind === 'project' ? projects.full(it.id) : undefined
    const teamIds = it.kind === 'mine' ? teams.teams.map(t => t.id) : [it.kind === 'team' ? it.id : (project?.team_id ?? '')]
    const members = once(teamIds.flatMap(id => teams.membersOf(id)).map(m => ({ value: m.id, label: m.name, hint: `@${m.username}`, user: m }))).sort(byLabel)
    const statuses = it.kind === 'mine' ? [] : project ? project.statuses : teamIds.flatMap(id => projects.ofTeam(id)).flatMap(p => p.statuses ?? [])
    return {
      status: once(statuses.map(s => ({ value: s.slug, label: s.name, color: s.color }))),
      category: CATEGORIES.map(c => ({ value: c, label: CATEGORY_NAMES[c] })),
      priority: PRIORITIES.map(p => ({ value: p, label: PRIORITY_NAMES[p] })),
      label: once(teamIds.flatMap(id => teams.labelsOf(id)).map(l => ({ value: l.id, label: l.name, color: l.color }))),
      assignee: it.kind === 'mine' ? [] : [{ value: 'me', label: 'Me' }, { value: 'none', label: 'Nobody' }, ...members],
      created_by: [{ value: 'me', label: 'Me' }, ...members],
    }
  })
}

/** The category of a task's status, as far as its project is known. */
export function useCategory(): (task: StoredTask) => Category | undefined {
  const projects = useProjects()
  return task => projects.status(task.project_id, task.status)?.category
}
