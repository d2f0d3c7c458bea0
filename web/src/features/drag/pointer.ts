// Drag and drop by mouse, pen and touch, with pointer events: HTML's own drag and drop does not exist on touch screens
// and cannot scroll a column while it drags. The page shows the aim (board/useDrag.ts); this module finds it.
// Cards carry data-task, columns data-column, and the part of a column that scrolls data-scroller.

export interface PointerHooks {
  /** How many are in the hand now; 0: this task may not be dragged. */
  lift(id: string): number
  aim(status: string, before: string | null): void
  /** Shows the task where it came from. */
  home(): void
  /** The tasks of a column in order, the dragged one left out. */
  order(status: string): string[]
  drop(): void
  /** Over another project of the side bar (data-project). Without it, projects are no aim. */
  dropOn?(project: string): void
  cancel(): void
}

interface Pressed { card: HTMLElement; pointer: number; x: number; y: number; touch: boolean; timer: number }
interface Dragging { id: string; ghost: HTMLElement; dx: number; dy: number; x: number; y: number; over: boolean; project: HTMLElement | null; /** Where it was aimed from last. */ aimed: string }

/** A touch that rests this long drags; one that moves earlier scrolls. */
const HOLD = 250
const SLOP = 6
/** This near to an edge the board or the column scrolls along. */
const EDGE = 56
const CONTROLS = 'button,input,textarea,select,label,[contenteditable]'

export function pointerDrag(board: HTMLElement, hooks: PointerHooks): () => void {
  let pressed: Pressed | null = null
  let drag: Dragging | null = null
  let frame = 0
  let swallowClick = false

  function down(e: PointerEvent): void {
    if (drag || e.button !== 0 || !e.isPrimary || !(e.target instanceof Element) || e.ctrlKey || e.metaKey) return
    const card = e.target.closest<HTMLElement>('[data-task]')
    if (!card || e.target.closest(CONTROLS)) return
    const touch = e.pointerType === 'touch'
    pressed = { card, pointer: e.pointerId, x: e.clientX, y: e.clientY, touch, timer: touch ? window.setTimeout(start, HOLD) : 0 }
  }
  function release(): void {
    if (pressed) clearTimeout(pressed.timer)
    pressed = null
  }
  function move(e: PointerEvent): void {
    if (drag) Object.assign(drag, { x: e.clientX, y: e.clientY })
    else if (pressed && e.pointerId === pressed.pointer && Math.hypot(e.clientX - pressed.x, e.clientY - pressed.y) >= SLOP) {
      if (pressed.touch) release()
      else start(e)
    }
  }
  function start(at?: PointerEvent): void {
    if (!pressed) return
    const { card, pointer, x, y, touch } = pressed
    release()
    const id = card.dataset.task!
    const count = hooks.lift(id)
    if (!count) return
    try {
      board.setPointerCapture(pointer)
    } catch {
      // The pointer is gone already; pointerup or pointercancel has ended this press.
    }
    const box = card.getBoundingClientRect()
    const ghost = card.cloneNode(true) as HTMLElement
    ghost.removeAttribute('data-task')
    ghost.classList.add('drag-ghost')
    ghost.setAttribute('aria-hidden', 'true')
    ghost.style.width = `${box.width}px`
    if (count > 1) ghost.dataset.count = String(count)
    document.body.append(ghost)
    getSelection()?.removeAllRanges()
    if (touch) navigator.vibrate?.(10)
    drag = { id, ghost, dx: x - box.left, dy: y - box.top, x: at?.clientX ?? x, y: at?.clientY ?? y, over: true, project: null, aimed: '' }
    document.documentElement.dataset.dragging = ''
    frame = requestAnimationFrame(tick)
  }

  function tick(): void {
    if (!drag) return
    const { ghost, dx, dy, x, y } = drag
    ghost.style.transform = `translate3d(${x - dx}px,${y - dy}px,0) rotate(1.5deg)`
    const column = columnAt(x, y)
    const scroller = column?.querySelector<HTMLElement>('[data-scroller]')
    if (scroller) scroller.scrollTop += pull(y, scroller.getBoundingClientRect().top, scroller.getBoundingClientRect().bottom)
    const frameBox = board.getBoundingClientRect()
    board.scrollLeft += pull(x, frameBox.left, frameBox.right)
    // A pointer that rests, over what rests, aims where it aimed.
    const here = [x, y, board.scrollLeft, scroller?.scrollTop, column?.dataset.column].join(' ')
    if (here !== drag.aimed) {
      drag.aimed = here
      drag.over = column !== null
      if (column) aim(column)
      else hooks.home()
      light(column ? null : projectAt(x, y))
    }
    frame = requestAnimationFrame(tick)
  }
  const pull = (at: number, from: number, to: number): number => (at < from + EDGE ? at - from - EDGE : at > to - EDGE ? at - to + EDGE : 0) / 4

  /** The column that is nearest to the pointer, as long as it is over the board: gaps and edges belong to the nearest one. */
  function columnAt(x: number, y: number): HTMLElement | null {
    const frame = board.getBoundingClientRect()
    if (x < frame.left || x > frame.right || y < frame.top || y > frame.bottom) return null
    let best: HTMLElement | null = null
    let least = Infinity
    for (const column of board.querySelectorAll<HTMLElement>('[data-column]')) {
      const box = column.getBoundingClientRect()
      const far = Math.hypot(Math.max(box.left - x, x - box.right, 0), Math.max(box.top - y, y - box.bottom, 0))
      if (far < least) [best, least] = [column, far]
    }
    return best
  }

  /** Another project, when the pointer is over the side bar. */
  function projectAt(x: number, y: number): HTMLElement | null {
    if (!hooks.dropOn) return null
    const link = document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-project]')
    return link && !link.hasAttribute('aria-current') ? link : null
  }
  function light(project: HTMLElement | null): void {
    if (!drag || drag.project === project) return
    drag.project?.removeAttribute('data-drop')
    project?.setAttribute('data-drop', '')
    drag.project = project
  }

  /** Before the first card whose middle lies below the middle of the dragged one. */
  function aim(column: HTMLElement): void {
    const { id, y, dy, ghost } = drag!
    const middle = y - dy + ghost.offsetHeight / 2
    const cards = [...column.querySelectorAll<HTMLElement>('[data-task]')].filter(c => c.dataset.task !== id)
      .map(el => ({ id: el.dataset.task!, box: el.getBoundingClientRect() })).sort((a, b) => a.box.top - b.box.top)
    const status = column.dataset.column!
    const next = cards.find(c => middle < c.box.top + c.box.height / 2)
    if (next || !cards.length) return hooks.aim(status, next?.id ?? null)
    // Past the last card that is rendered: the column may go on.
    const order = hooks.order(status)
    hooks.aim(status, order[order.indexOf(cards.at(-1)!.id) + 1] ?? null)
  }

  function finish(commit: boolean): void {
    release()
    if (!drag) return
    cancelAnimationFrame(frame)
    const { id, ghost, over, project } = drag
    light(null)
    drag = null
    delete document.documentElement.dataset.dragging
    swallowClick = true
    setTimeout(() => (swallowClick = false))
    if (commit && over) hooks.drop()
    else if (commit && project) hooks.dropOn?.(project.dataset.project!)
    else hooks.cancel()
    settle(ghost, id)
  }
  /** The ghost glides onto the card it has become. */
  function settle(ghost: HTMLElement, id: string): void {
    const from = ghost.style.transform
    const end = (): void => ghost.remove()
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const to = board.querySelector(`[data-task="${CSS.escape(id)}"]`)?.getBoundingClientRect()
      if (!to || !from || matchMedia('(prefers-reduced-motion: reduce)').matches) return end()
      ghost.animate([{ transform: from }, { transform: `translate3d(${to.left}px,${to.top}px,0)` }], { duration: 150, easing: 'cubic-bezier(.2,.8,.2,1)' }).finished.then(end, end)
    }))
  }

  const stopScroll = (e: Event): void => { if (drag && e.cancelable) e.preventDefault() }
  const life = new AbortController()
  const { signal } = life
  board.addEventListener('pointerdown', down, { signal })
  window.addEventListener('pointermove', move, { signal })
  window.addEventListener('pointerup', () => finish(true), { signal })
  window.addEventListener('pointercancel', () => finish(false), { signal })
  window.addEventListener('blur', () => finish(false), { signal })
  // A touched card leaves the document when its column changes; from then on its touch events reach only itself.
  board.addEventListener('touchstart', e => e.target?.addEventListener('touchmove', stopScroll, { passive: false }), { passive: true, signal })
  board.addEventListener('contextmenu', e => { if (drag || pressed?.touch) e.preventDefault() }, { signal })
  board.addEventListener('dragstart', e => e.preventDefault(), { signal })
  board.addEventListener('click', e => {
    if (!swallowClick) return
    e.stopPropagation()
    e.preventDefault()
  }, { capture: true, signal })
  window.addEventListener('keydown', e => {
    if (!drag || e.key !== 'Escape') return
    e.stopPropagation()
    e.preventDefault()
    finish(false)
  }, { capture: true, signal })
  return () => {
    finish(false)
    life.abort()
  }
}
