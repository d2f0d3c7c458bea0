import { afterEach, expect, test, vi } from 'vitest'
import { addHotkeys } from './hotkeys'

const offs: (() => void)[] = []
afterEach(() => { offs.splice(0).forEach(off => off()); document.body.innerHTML = '' })

function press(key: string, target: EventTarget = document.body, init: KeyboardEventInit = {}): void {
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }))
}

test('the newest layer that knows the key gets it', () => {
  const below = vi.fn()
  const above = vi.fn()
  offs.push(addHotkeys({ c: below, x: below }), addHotkeys({ c: above }))
  press('c')
  press('x')
  expect(above).toHaveBeenCalledTimes(1)
  expect(below).toHaveBeenCalledTimes(1)
})
test('keys typed into a field or an IME do nothing', () => {
  const run = vi.fn()
  offs.push(addHotkeys({ c: run }))
  const input = document.body.appendChild(document.createElement('input'))
  press('c', input)
  press('c', document.body, { isComposing: true })
  expect(run).not.toHaveBeenCalled()
})
test('a chord may work in fields', () => {
  const run = vi.fn()
  offs.push(addHotkeys({ 'mod+Enter': run }, { inFields: true }))
  const input = document.body.appendChild(document.createElement('input'))
  press('Enter', input, { ctrlKey: true })
  expect(run).toHaveBeenCalledTimes(1)
})
test('letters with modifiers are other keys', () => {
  const run = vi.fn()
  offs.push(addHotkeys({ c: run }))
  press('c', document.body, { ctrlKey: true })
  expect(run).not.toHaveBeenCalled()
})
