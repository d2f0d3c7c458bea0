import { onScopeDispose, shallowRef } from 'vue'

/** A page that shows tasks: what walking, selecting and changing go by. */
export interface TaskView {
  /** Ids as they are shown: columns from left to right, each from top to bottom. A list is one column. */
  columns(): readonly (readonly string[])[]
  /** Gives a task the focus, at once where it is rendered; else makes it be so first. */
  focus(id: string): void
}

const stack = shallowRef<readonly TaskView[]>([])
export const taskView = (): TaskView | undefined => stack.value.at(-1)
/** For as long as the component lives. */
export function useTaskView(view: TaskView): void {
  stack.value = [...stack.value, view]
  onScopeDispose(() => { stack.value = stack.value.filter(v => v !== view) })
}

/** The task that a dialog shows over the page. */
export const openTask = shallowRef<string | null>(null)

/** The task that has the focus, in a view that is rendered. */
export const focusedTask = (): string | undefined => document.activeElement?.closest<HTMLElement>('[data-task]')?.dataset.task
/** Had the focus last: where walking goes on when the focus is nowhere. */
export const last = { id: '' }

/** Rows are links in the order of the page; a list that renders only a part has to say its ids itself. */
export function rowOf(id: string, root: ParentNode = document): HTMLElement | null {
  const selector = `[data-task="${CSS.escape(id)}"]`
  return root.querySelector<HTMLElement>(`${selector} :is([data-card],[data-row]), ${selector}:is([data-card],[data-row])`)
}
export const pageView: TaskView = {
  columns: () => [[...document.querySelectorAll<HTMLElement>('#main [data-task]')].filter(el => el.querySelector('[data-row]')).map(el => el.dataset.task!)],
  focus: id => rowOf(id)?.focus(),
}

/** The place of a task: column and row; -1: it is not shown. */
export function placeIn(columns: readonly (readonly string[])[], id: string): [column: number, row: number] {
  for (const [column, ids] of columns.entries()) {
    const row = ids.indexOf(id)
    if (row >= 0) return [column, row]
  }
  return [-1, -1]
}
/** The task beside another one, skipping empty columns; undefined: there is none that way. */
export function beside(columns: readonly (readonly string[])[], id: string, dx: number, dy: number): string | undefined {
  const [column, row] = placeIn(columns, id)
  if (column < 0) return undefined
  if (dy) return columns[column]![row + dy]
  for (let at = column + dx; at >= 0 && at < columns.length; at += dx) {
    const list = columns[at]!
    if (list.length) return list[Math.min(row, list.length - 1)]
  }
  return undefined
}
