import { pick } from '@/features/commands/pick'
import { shortcuts } from '@/features/commands/registry'
import { useProjects } from '@/features/projects/store'
import { useTeams } from '@/features/teams/store'
import { announce } from '@/lib/announce'
import { copy } from '@/lib/copy'
import { toggle } from '@/features/selection/selection'
import type { MenuEntry } from '@/ui/menu'
import { useToast } from '@/ui/toast'
import { moveAsking } from './limits'
import type { StoredTask } from './model'
import { useTasks } from './store'

/** What can be done with a task from a menu: every move that dragging makes, without dragging. */
export function useTaskMenu() {
  const projects = useProjects()
  const tasks = useTasks()
  const teams = useTeams()
  const toast = useToast()

  async function copyLink(task: StoredTask): Promise<void> {
    if (!(await copy(`${location.origin}/p/${task.project_id}/board/${task.key}`))) return void toast.error('The browser did not allow copying.')
    toast.success('Link copied')
    announce('Link copied')
  }
  function entries(task: StoredTask): MenuEntry[] {
    const link: MenuEntry[] = task.key ? [{ label: 'Copy link', icon: 'link', run: () => void copyLink(task) }] : []
    if (!teams.canEdit(task.team_id)) return link
    const column = tasks.byStatus(task.project_id).get(task.status) ?? []
    const first = column.find(t => t.id !== task.id)
    return [
      'Move to',
      ...projects.statusesOf(task.project_id).map(s => ({ label: s.name, color: s.color, checked: s.slug === task.status, run: () => { if (s.slug !== task.status) void moveAsking([task.id], { status: s.slug }) } })),
      null,
      ...(first ? [
        { label: 'Top of the column', icon: 'arrow-up' as const, run: () => void tasks.move([task.id], { status: task.status, before: first.id }) },
        { label: 'Bottom of the column', icon: 'arrow-down' as const, run: () => void tasks.move([task.id], { status: task.status }) },
        null,
      ] : []),
      { label: 'Assign to…', icon: 'user', shortcut: shortcuts.value['task.assign'], run: () => void pick('assign', task.id) },
      { label: 'Priority…', icon: 'flag', shortcut: shortcuts.value['task.priority'], run: () => void pick('priority', task.id) },
      { label: 'Labels…', icon: 'label', shortcut: shortcuts.value['task.labels'], run: () => void pick('labels', task.id) },
      { label: 'Due date…', icon: 'calendar', shortcut: shortcuts.value['task.due'], run: () => void pick('due', task.id) },
      { label: 'Select', icon: 'check', shortcut: shortcuts.value['select.toggle'], run: () => toggle(task.id) },
      null,
      ...link,
      { label: 'Delete', shortcut: shortcuts.value['task.delete'], icon: 'trash', danger: true, run: () => void tasks.remove([task.id]) },
    ]
  }
  return { entries, copyLink }
}
