import { effectScope, nextTick, ref, shallowRef } from 'vue'
import { expect, test } from 'vitest'
import { useFollowing } from './following'

function setup() {
  const id = ref('t1')
  const live = shallowRef({ name: 'North', description: '' })
  const it = effectScope().run(() => useFollowing(() => id.value, () => ({ ...live.value })))!
  return { id, live, ...it }
}

test('an untouched field follows the live value', async () => {
  const { live, form, changed } = setup()
  live.value = { name: 'South', description: '' }
  await nextTick()
  expect(form.name).toBe('South')
  expect(changed.value).toBe(false)
})
test('a touched field keeps what was typed and tells of the other value; only it is sent', async () => {
  const { live, form, changes, theirs, changed } = setup()
  form.name = 'Mine'
  live.value = { name: 'Theirs', description: 'New' }
  await nextTick()
  expect(form).toEqual({ name: 'Mine', description: 'New' })
  expect(theirs('name')).toContain('“Theirs”')
  expect(theirs('description')).toBeUndefined()
  expect(changes()).toEqual({ name: 'Mine' })
  form.name = 'Theirs'
  expect(changed.value).toBe(false)
  expect(theirs('name')).toBeUndefined()
})
test('what was sent follows the server again, what was typed meanwhile stays', async () => {
  const { live, form, changes, sent, changed } = setup()
  form.name = ' South '
  const values = changes()
  form.description = 'Typed while it was under way'
  sent(values)
  live.value = { name: 'South', description: '' }
  await nextTick()
  expect(form).toEqual({ name: 'South', description: 'Typed while it was under way' })
  expect(changed.value).toBe(true)
})
test('the same value coming back as a message is no conflict', async () => {
  const { live, form, theirs } = setup()
  form.name = 'South'
  live.value = { name: 'South', description: '' }
  await nextTick()
  expect(theirs('name')).toBeUndefined()
})
test('another thing starts afresh', async () => {
  const { id, live, form, changed } = setup()
  form.name = 'Mine'
  id.value = 't2'
  live.value = { name: 'East', description: 'Of the second' }
  await nextTick()
  expect(form).toEqual({ name: 'East', description: 'Of the second' })
  expect(changed.value).toBe(false)
})
test('what was typed can be thrown away', () => {
  const { form, discard, changed } = setup()
  form.name = 'Mine'
  discard()
  expect(form.name).toBe('North')
  expect(changed.value).toBe(false)
})
