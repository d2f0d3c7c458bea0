import { useProjects } from '@/features/projects/store'
import { useSession } from '@/features/session/store'
import { moveAsking } from '@/features/tasks/limits'
import { keyOf, type Edit, type StoredTask } from '@/features/tasks/model'
import { useTasks } from '@/features/tasks/store'
import { useTeams } from '@/features/teams/store'
import { PRIORITIES, PRIORITY_NAMES } from '@/lib/colors'
import { day, fromDateInput } from '@/lib/time'
import { dateIn, dates } from './dates'
import type { Item, Step } from './palette'

// What a command asks before it changes tasks: where to, to whom, how urgent.

const all = <T>(list: readonly T[], test: (it: T) => boolean): boolean | 'some' => (list.every(test) ? true : list.some(test) && 'some')

/** The steps of the commands that change these tasks. Undefined: none of them can be changed. */
export function pickers(ids: readonly string[]) {
  const projects = useProjects()
  const session = useSession()
  const store = useTasks()
  const teams = useTeams()
  /** As they are now: a step stays open while they change. */
  const now = (): StoredTask[] => ids.map(store.view).filter(t => t !== undefined)
  const tasks = now()
  const [first] = tasks
  if (!first || tasks.some(t => !teams.canEdit(t.team_id))) return undefined
  const what = tasks.length === 1 ? first.key || 'the task' : keyOf(tasks)
  const set = (edit: Edit): void => void store.editMany(ids.map(id => ({ id, set: edit })))
  const inTeam = [...new Set(tasks.map(t => t.team_id))].length === 1

  /** Projects whose columns the tasks may go to: their own first. */
  function move(): Step {
    const own = [...new Set(tasks.map(t => t.project_id))]
    const others = inTeam ? projects.ofTeam(first!.team_id).map(p => p.id).filter(id => !own.includes(id)) : []
    // Their columns, if this page has not needed them yet.
    for (const id of [...own, ...others]) if (!projects.full(id)) void projects.fetch(id).catch(() => undefined)
    const [here] = own
    const same = own.length === 1
    const columns = (projectId: string): Item[] => projects.statusesOf(projectId).map(s => ({
      id: `${projectId}/${s.slug}`, label: s.name, color: s.color, group: same && projectId === here ? '' : (projects.byId(projectId)?.name ?? ''),
      checked: all(now(), t => t.project_id === projectId && t.status === s.slug) === true,
      run: () => void moveAsking(ids, { status: s.slug, ...(tasks.some(t => t.project_id !== projectId) && { project_id: projectId }) }),
    }))
    const within: Item[] = same && new Set(tasks.map(t => t.status)).size === 1 ? ends(first!) : []
    return { title: `Move ${what} to`, placeholder: 'Column or project…', items: () => inTeam ? [...(same ? columns(here!) : own.flatMap(columns)), ...within, ...others.flatMap(columns)] : [] }
  }
  function ends({ project_id, status }: StoredTask): Item[] {
    const column = store.byStatus(project_id).get(status) ?? []
    const top = column.find(t => !ids.includes(t.id))
    return top ? [
      { id: 'top', label: 'Top of the column', icon: 'arrow-up', run: () => void store.move(ids, { status, before: top.id }) },
      { id: 'bottom', label: 'Bottom of the column', icon: 'arrow-down', run: () => void store.move(ids, { status }) },
    ] : []
  }
  function assign(): Step {
    const people = inTeam ? teams.membersOf(first!.team_id).filter(m => m.role !== 'viewer') : []
    const me = session.user?.id
    return {
      title: `Assign ${what} to`, placeholder: 'Name…',
      items: () => [
        ...[...people].sort((a, b) => Number(b.id === me) - Number(a.id === me)).map((m): Item => ({ id: m.id, label: m.id === me ? `${m.name} (you)` : m.name, hint: `@${m.username}`, user: m, checked: all(now(), t => t.assigned_to === m.id), run: () => set({ assigned_to: m.id }) })),
        { id: 'nobody', label: 'Nobody', icon: 'x', checked: all(now(), t => t.assigned_to === null), run: () => set({ assigned_to: null }) },
      ],
    }
  }
  const priority = (): Step => ({
    title: `Priority of ${what}`, placeholder: 'Priority…',
    items: () => PRIORITIES.map(p => ({ id: p, label: PRIORITY_NAMES[p], icon: 'flag', checked: all(now(), t => t.priority === p), run: () => set({ priority: p }) })),
  })
  function labels(): Step {
    function turn(label: string, on: boolean): void {
      const name = teams.label(first!.team_id, label)?.name ?? 'the label'
      void store.editMany(now().map(t => ({ id: t.id, set: { labels: on ? [...t.labels, label] : t.labels.filter(l => l !== label) } })).filter((_, i) => now()[i]!.labels.includes(label) !== on),
        on ? `Labelled ${what} ${name}` : `Took the label ${name} off ${what}`)
    }
    return {
      title: `Labels of ${what}`, placeholder: 'Label…', many: true,
      items: () => inTeam ? teams.labelsOf(first!.team_id).map(l => {
        const checked = all(now(), t => t.labels.includes(l.id))
        return { id: l.id, label: l.name, color: l.color, checked, run: () => turn(l.id, checked !== true) }
      }) : [],
    }
  }
  function due(): Step {
    const item = (id: string, label: string, value: string): Item => ({ id, label, hint: day(fromDateInput(value)!), icon: 'calendar', run: () => set({ due_at: fromDateInput(value) }) })
    return {
      title: `Due date of ${what}`, placeholder: 'Today, Friday, in 3 days, 2026-12-24…',
      items: query => {
        const typed = dateIn(query)
        return [
          ...(typed ? [item('typed', query.trim(), typed)] : []), ...dates().map(d => item(d.id, d.label, d.value)),
          { id: 'none', label: 'No date', icon: 'x', checked: all(now(), t => t.due_at === null), run: () => set({ due_at: null }) },
        ]
      },
    }
  }
  const take = (): void => { if (session.user) set({ assigned_to: session.user.id }) }
  return { tasks, what, move, assign, priority, labels, due, take }
}
