import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { commands } from './catalogue'
import { onKey, setSingleKeys } from './keyboard'
import { addCommands, handlerOf, type Handlers } from './registry'

const offs: (() => void)[] = []
function carry(handlers: Handlers): void {
  offs.push(addCommands(handlers))
}
function press(key: string, init: KeyboardEventInit = {}, target: EventTarget = document.body): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init })
  target.dispatchEvent(event)
  return event
}
beforeEach(() => { window.addEventListener('keydown', onKey) })
afterEach(() => {
  window.removeEventListener('keydown', onKey)
  offs.splice(0).forEach(off => off())
  document.body.innerHTML = ''
  vi.useRealTimers()
  setSingleKeys(true)
})

describe('keys', () => {
  test('the newest that can carry a command out does', () => {
    const [below, above] = [vi.fn(), vi.fn()]
    let can = true
    carry({ 'task.new': below })
    carry({ 'task.new': { run: above, when: () => can } })
    expect(press('n').defaultPrevented).toBe(true)
    can = false
    press('n')
    expect([above.mock.calls.length, below.mock.calls.length]).toEqual([1, 1])
  })
  test('a key that nothing answers to stays the browser’s', () => {
    expect(press('n').defaultPrevented).toBe(false)
  })
  test('fields and input methods keep their keys, chords work in fields', () => {
    const run = vi.fn()
    const palette = vi.fn()
    carry({ 'task.new': run, palette })
    const input = document.body.appendChild(document.createElement('textarea'))
    press('n', {}, input)
    press('n', { isComposing: true })
    press('n', { keyCode: 229 } as KeyboardEventInit)
    expect(run).not.toHaveBeenCalled()
    press('k', { ctrlKey: true }, input)
    expect(palette).toHaveBeenCalledOnce()
  })
  test('letters with modifiers are other keys', () => {
    const run = vi.fn()
    carry({ 'task.new': run })
    for (const init of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { shiftKey: true }]) press('n', init)
    expect(run).not.toHaveBeenCalled()
  })
  test('two keys one after the other are a sequence, if not too slow', () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const board = vi.fn()
    const other = vi.fn()
    carry({ 'go.board': board, 'note.select': other })
    press('g')
    press('b')
    expect(board).toHaveBeenCalledOnce()
    press('g')
    vi.advanceTimersByTime(2000)
    press('b')
    press('g')
    press('x') // no such sequence: nothing happens
    expect(board).toHaveBeenCalledOnce()
    expect(other).not.toHaveBeenCalled()
  })
  test('arrows scroll, unless a task has the focus', () => {
    const run = vi.fn()
    carry({ 'task.next': run })
    expect(press('ArrowDown').defaultPrevented).toBe(false)
    const card = document.body.appendChild(document.createElement('div'))
    card.dataset.task = '1'
    press('ArrowDown', {}, card)
    expect(run).toHaveBeenCalledOnce()
  })
  test('letters can be turned off; chords and arrows stay', () => {
    const [letter, chord] = [vi.fn(), vi.fn()]
    carry({ 'task.new': letter, 'go.board': letter, 'palette': chord })
    setSingleKeys(false)
    press('n')
    press('g')
    press('b')
    press('k', { ctrlKey: true })
    expect(letter).not.toHaveBeenCalled()
    expect(chord).toHaveBeenCalledOnce()
  })
  test('what is gone carries nothing out', () => {
    const off = addCommands({ help: () => undefined })
    expect(handlerOf('help')).toBeDefined()
    off()
    expect(handlerOf('help')).toBeUndefined()
  })
})

describe('the catalogue', () => {
  // What browsers do with Ctrl or ⌘ that no page should take: new, close, print, find, reload, address, save, copy …
  const BROWSER = ['n', 't', 'w', 'p', 'f', 'r', 'l', 's', 'c', 'v', 'x', 'a', 'd', 'o', 'j', 'h', 'u', 'g'].map(key => `mod+${key}`)
  test('takes no shortcut of the browser’s', () => {
    expect(commands.flatMap(([, { keys = [] }]) => keys).filter(key => BROWSER.includes(key))).toEqual([])
  })
  test('gives a key to one command only, apart from pages that have their own', () => {
    const seen = new Map<string, string[]>()
    for (const [id, { keys = [], group }] of commands) if (group !== 'Notifications') for (const key of keys) seen.set(key, [...(seen.get(key) ?? []), id])
    expect([...seen].filter(([, ids]) => ids.length > 1)).toEqual([])
  })
  test('no single key is the beginning of a sequence', () => {
    const all = commands.flatMap(([, { keys = [] }]) => keys as readonly string[])
    const beginnings = all.filter(key => key.includes(' ')).map(key => key.split(' ')[0])
    expect(all.filter(key => beginnings.includes(key))).toEqual([])
  })
})
