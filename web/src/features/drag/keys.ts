import { computed, nextTick, ref, type Ref } from 'vue'
import { placeIn, rowOf, type TaskView } from '@/features/selection/view'
import { announce } from '@/lib/announce'

/** What lifted cards are carried by: it only aims, and `drop` makes it a change. */
export interface Carrier {
  lifted: Readonly<Ref<{ id: string; ids: readonly string[] } | null>>
  /** The tasks of a column as they show now, from top to bottom. */
  inColumn(column: string): readonly { id: string }[]
  lift(id: string): boolean
  step(columns: number, rows: number): void
  drop(): void
  cancel(): void
  nameOf(ids: readonly string[]): string
}
interface Options {
  drag: Carrier
  /** Ids of the columns, from left to right. */
  columnIds: () => string[]
  canEdit: () => boolean
  board: Ref<HTMLElement | null>
  reveal: (column: string, index: number) => Promise<void>
}

/** Space lifts a card, arrow keys carry it. Only one card is in the Tab order; walking is for all pages the same (features/selection). */
export function useCarryKeys({ drag, columnIds, canEdit, board, reveal }: Options) {
  const focused = ref<string | null>(null)
  const current = computed(() => {
    for (const id of columnIds()) if (drag.inColumn(id).some(t => t.id === focused.value)) return focused.value
    return columnIds().map(id => drag.inColumn(id)[0]).find(t => t !== undefined)?.id ?? null
  })
  const columns = (): string[][] => columnIds().map(id => drag.inColumn(id).map(t => t.id))
  const cardOf = (id: string): HTMLElement | null => (board.value ? rowOf(id, board.value) : null)
  let moving = false
  /** After a step of a lifted card: it may have been made anew in another column, or not yet (long columns). */
  async function follow(id: string): Promise<void> {
    moving = true
    focused.value = id
    await nextTick()
    if (!cardOf(id)) {
      const [column, row] = placeIn(columns(), id)
      await reveal(columnIds()[column] ?? '', row)
    }
    if (focused.value === id) cardOf(id)?.focus() // unless one has walked on meanwhile
    moving = false
  }
  /** At once where possible: the next key may already be on its way. */
  function focus(id: string): void {
    const card = cardOf(id)
    if (card) card.focus()
    else void follow(id)
  }
  const view: TaskView = { columns, focus }

  const STEPS: Record<string, [columns: number, rows: number]> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }
  function onKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement
    const id = target.matches('[data-card]') ? target.closest<HTMLElement>('[data-task]')?.dataset.task : undefined
    if (!id || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing) return
    const step = STEPS[event.key]
    const lifted = drag.lifted.value?.id === id
    if (step && lifted) {
      drag.step(...step)
      void follow(id)
    } else if ((event.key === ' ' || event.key === 'Enter') && lifted) {
      drag.drop()
      void follow(id)
    } else if (event.key === ' ' && canEdit()) {
      if (drag.lift(id)) announce(`${drag.nameOf(drag.lifted.value!.ids)} lifted. Arrow keys move, Space drops, Escape puts back.`)
    } else if (event.key === 'Escape' && lifted) {
      drag.cancel()
      void follow(id)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  function onFocus(event: FocusEvent): void {
    const id = (event.target as HTMLElement).closest<HTMLElement>('[data-task]')?.dataset.task
    if (id) focused.value = id
  }
  /** Whoever goes elsewhere lets go. */
  function onBlur(event: FocusEvent): void {
    const lifted = drag.lifted.value
    if (!lifted || moving || document.documentElement.dataset.dragging !== undefined) return
    if ((event.target as HTMLElement).closest<HTMLElement>('[data-task]')?.dataset.task === lifted.id && event.relatedTarget) drag.cancel()
  }
  return { current, view, onKey, onFocus, onBlur }
}
