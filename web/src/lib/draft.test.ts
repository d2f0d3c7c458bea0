import { beforeEach, expect, test, vi } from 'vitest'
import { useDraft } from './draft'
import { load, save, sweep } from './storage'

beforeEach(() => { localStorage.clear(); vi.useRealTimers() })

test('a draft survives a reload until it is sent', () => {
  const first = useDraft('comment:1')
  first.text.value = 'half a thought'
  const second = useDraft('comment:1')
  expect(second.text.value).toBe('half a thought')
  expect(second.restored).toBe(true)
  second.clear()
  expect(useDraft('comment:1').text.value).toBe('')
})
test('typing the original back leaves no draft', () => {
  const { text } = useDraft('title:1', 'Old')
  text.value = 'New'
  text.value = 'Old'
  expect(localStorage.length).toBe(0)
})
test('entries expire', () => {
  vi.useFakeTimers()
  save('x', 1, 1000)
  expect(load('x')).toBe(1)
  vi.advanceTimersByTime(1001)
  sweep()
  expect(localStorage.length).toBe(0)
})
test('broken entries are dropped', () => {
  localStorage.setItem('tandem:x', '{oops')
  expect(load('x')).toBeUndefined()
  expect(localStorage.length).toBe(0)
})
