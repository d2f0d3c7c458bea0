import { useProjects } from '@/features/projects/store'
import { confirm } from '@/ui/confirm'
import { keyOf } from './model'
import type { MoveTarget } from './changes'
import { useTasks } from './store'

/** Whether these tasks would fill a column beyond its limit. */
export function overLimit(ids: readonly string[], projectId: string, slug: string): boolean {
  const status = useProjects().status(projectId, slug)
  const tasks = useTasks()
  if (!status?.wip_limit) return false
  const coming = ids.filter(id => { const task = tasks.view(id); return task && (task.status !== slug || task.project_id !== projectId) }).length
  return coming > 0 && tasks.count(projectId, slug) + coming > status.wip_limit
}

/** Moves tasks; into a column that is full only after a question. */
export async function moveAsking(ids: readonly string[], to: MoveTarget): Promise<boolean> {
  const tasks = useTasks()
  const moving = ids.map(tasks.view).filter(t => t !== undefined)
  const projectId = to.project_id ?? moving[0]?.project_id
  if (!projectId) return false
  if (overLimit(ids, projectId, to.status)) {
    const status = useProjects().status(projectId, to.status)!
    const held = tasks.count(projectId, to.status)
    const yes = await confirm({ title: `${status.name} is full`, text: `It holds ${held} of at most ${status.wip_limit} tasks. Move ${keyOf(moving)} there all the same?`, action: 'Move' })
    if (!yes) return false
  }
  return tasks.move(ids, to)
}
