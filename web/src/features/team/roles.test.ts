import { expect, test } from 'vitest'
import { addressee, canRemove, isLastOwner, rolesFor } from './roles'

test('an owner gives any role to anybody', () => {
  expect(rolesFor('owner', 'owner')).toEqual(['owner', 'admin', 'member', 'viewer'])
  expect(rolesFor('owner', 'viewer')).toContain('owner')
})
test('an admin neither touches owners nor makes them', () => {
  expect(rolesFor('admin', 'owner')).toEqual([])
  expect(rolesFor('admin', 'member')).toEqual(['admin', 'member', 'viewer'])
  expect(canRemove('admin', 'owner')).toBe(false)
  expect(canRemove('admin', 'admin')).toBe(true)
})
test('members and viewers change nobody', () => {
  for (const own of ['member', 'viewer', undefined] as const) {
    expect(rolesFor(own, 'viewer')).toEqual([])
    expect(canRemove(own, 'viewer')).toBe(false)
  }
})
test('the last owner is known as such', () => {
  const list = [{ id: 'a', role: 'owner' }, { id: 'b', role: 'admin' }] as const
  expect(isLastOwner(list, 'a')).toBe(true)
  expect(isLastOwner(list, 'b')).toBe(false)
  expect(isLastOwner([...list, { id: 'c', role: 'owner' }], 'a')).toBe(false)
})
test('an address is told from a username', () => {
  expect(addressee(' bob@example.org ')).toEqual({ email: 'bob@example.org' })
  expect(addressee('@bob')).toEqual({ username: 'bob' })
  expect(addressee('bob')).toEqual({ username: 'bob' })
})
