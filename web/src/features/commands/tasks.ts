import { clearSelection, extend, selectColumn, selected, targets, toggle } from '@/features/selection/selection'
import { renaming } from '@/features/selection/rename'
import { beside, focusedTask, last, openTask, pageView, placeIn, taskView } from '@/features/selection/view'
import { keyOf } from '@/features/tasks/model'
import { useTasks } from '@/features/tasks/store'
import { useTeams } from '@/features/teams/store'
import { confirm } from '@/ui/confirm'
import { openPalette, type Step } from './palette'
import { pickers } from './pickers'
import type { Handlers } from './registry'

// Walking over tasks and changing them, the same on every page that shows some.

const view = () => taskView() ?? pageView

function walk(dx: number, dy: number): void {
  const columns = view().columns()
  const here = focusedTask()
  if (here) {
    const next = beside(columns, here, dx, dy)
    if (next) view().focus(next)
    return
  }
  // From nowhere: to where one was, else to the first.
  const known = last.id && placeIn(columns, last.id)[0] >= 0 ? last.id : columns.find(list => list.length)?.[0]
  if (known) view().focus(known)
}
const shown = (): boolean => !openTask.value && view().columns().some(list => list.length)
const focused = (): boolean => !openTask.value && focusedTask() !== undefined

function changeable(): boolean {
  const [id] = targets()
  const task = id ? useTasks().view(id) : undefined
  return task !== undefined && task.key !== '' && !task.deleted_at && useTeams().canEdit(task.team_id)
}
/** Asks in the palette, and gives the focus back to the task, wherever it is by then. */
function ask(which: 'move' | 'assign' | 'priority' | 'labels' | 'due'): () => void {
  return () => {
    const made = stepOf(which)
    if (made) openPalette(made)
  }
}
export function stepOf(which: 'move' | 'assign' | 'priority' | 'labels' | 'due'): Step | undefined {
  const ids = targets()
  const step = pickers(ids)?.[which]()
  return step && { ...step, after: () => returnTo(ids[0]!) }
}
export function returnTo(id: string): void {
  if (!openTask.value) setTimeout(() => view().focus(id))
}
async function remove(): Promise<void> {
  const ids = targets()
  const tasks = ids.map(useTasks().view).filter(t => t !== undefined)
  if (!tasks.length) return
  const columns = view().columns()
  const next = beside(columns, ids.at(-1)!, 0, 1) ?? beside(columns, ids[0]!, 0, -1)
  const what = tasks.length === 1 ? `“${tasks[0]!.title}”` : keyOf(tasks)
  if (!(await confirm({ title: `Delete ${keyOf(tasks)}?`, text: `${what} will go to the trash, from where it can be restored for 30 days.`, action: 'Delete', danger: true }))) return returnTo(ids[0]!)
  clearSelection()
  void useTasks().remove(ids)
  if (next) returnTo(next)
}
function rename(): void {
  const [id] = targets()
  if (id) renaming.value = id
}

export const taskCommands: Handlers = {
  'task.next': { run: () => walk(0, 1), when: shown },
  'task.previous': { run: () => walk(0, -1), when: shown },
  'task.left': { run: () => walk(-1, 0), when: shown },
  'task.right': { run: () => walk(1, 0), when: shown },
  'select.toggle': { run: () => toggle(focusedTask()!), when: focused },
  'select.up': { run: () => extend(0, -1), when: focused },
  'select.down': { run: () => extend(0, 1), when: focused },
  'select.left': { run: () => extend(-1, 0), when: focused },
  'select.right': { run: () => extend(1, 0), when: focused },
  'select.column': { run: selectColumn, when: shown },
  'back': { run: clearSelection, when: () => selected.value.length > 0 },
  'task.rename': { run: rename, when: () => changeable() && targets().length === 1 && !openTask.value },
  'task.move': { run: ask('move'), when: changeable },
  'task.assign': { run: ask('assign'), when: changeable },
  'task.take': { run: () => pickers(targets())?.take(), when: changeable },
  'task.priority': { run: ask('priority'), when: changeable },
  'task.labels': { run: ask('labels'), when: changeable },
  'task.due': { run: ask('due'), when: changeable },
  'task.delete': { run: () => void remove(), when: changeable },
}
