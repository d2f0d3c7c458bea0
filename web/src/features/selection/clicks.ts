import { isMac } from '@/lib/keys'
import { selected, selectTo, toggle } from './selection'
import { last } from './view'

/** Clicks that select instead of opening: Ctrl or ⌘ for one more, Shift for all up to there; by touch, once something is selected, any tap. */
export function onClick(event: MouseEvent): void {
  const target = event.target as HTMLElement
  const id = target.closest<HTMLElement>('#main [data-task]')?.dataset.task
  if (!id || event.button !== 0 || target.closest('button,input,textarea')) return
  const mod = isMac ? event.metaKey : event.ctrlKey
  const touch = 'pointerType' in event && event.pointerType === 'touch'
  if (event.shiftKey) selectTo(id)
  else if (mod || (touch && selected.value.length > 0)) toggle(id)
  else return
  event.preventDefault()
  event.stopPropagation()
  getSelection()?.removeAllRanges()
}
/** Shift and a click would mark text. */
export function onMouseDown(event: MouseEvent): void {
  if (event.shiftKey && (event.target as HTMLElement).closest('#main [data-task]') && !(event.target as HTMLElement).closest('input,textarea')) event.preventDefault()
}
export function onFocus(event: FocusEvent): void {
  const id = (event.target as HTMLElement).closest?.<HTMLElement>('#main [data-task]')?.dataset.task
  if (id) last.id = id
}
