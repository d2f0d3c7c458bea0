import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test, vi } from 'vitest'
import type { Member, Role, Team } from '@/api'
import { useSession } from '@/features/session/store'
import { useTeams } from '@/features/teams/store'
import { ann, fakeServer, problem, T0 } from '@/test/fakes'
import { asked } from '@/ui/confirm'
import { toasts } from '@/ui/toast'
import { useMembership } from './membership'

const member = (id: string, name: string, role: Role): Member => ({ id, username: name.toLowerCase(), name, avatar_url: null, role, joined_at: T0 })
const bob = member('u-bob', 'Bob', 'member')
const said = (): string | undefined => toasts.value.at(-1)?.text
let server: ReturnType<typeof fakeServer>
let teams: ReturnType<typeof useTeams>
let it: ReturnType<typeof useMembership>
const writes = (): string[] => server.calls.filter(c => c.method !== 'GET').map(c => [c.method, c.path, c.body.role].filter(Boolean).join(' '))
/** Answers the next question; without one the test times out. */
async function answer(yes: boolean): Promise<void> {
  await vi.waitFor(() => expect(asked.value).not.toBeNull())
  asked.value!.answer(yes)
}
function setup(role: Role): void {
  const team: Team = { id: 't1', name: 'North', description: '', role, show_member_analytics: false, member_count: 2, project_count: 0, version: 1, created_at: T0, updated_at: T0 }
  teams.setTeams([team])
  teams.setMembers('t1', [member(ann.id, 'Ann', role), bob])
}
beforeEach(() => {
  localStorage.clear()
  toasts.value = []
  setActivePinia(createPinia())
  useSession() // follows the token
  server = fakeServer()
  teams = useTeams()
  it = useMembership(() => 't1')
  server.on('PATCH /teams/t1/members/u-bob', call => ({ ...bob, role: call.body.role }))
  server.on(`PATCH /teams/t1/members/${ann.id}`, call => member(ann.id, 'Ann', call.body.role as Role))
  server.on(`DELETE /teams/t1/members/${ann.id}`, () => undefined)
})

test('a role changes without a question, ownership only after one', async () => {
  setup('owner')
  await it.setRole(bob, 'admin')
  expect(teams.member('t1', 'u-bob')?.role).toBe('admin')
  const owner = it.setRole(teams.member('t1', 'u-bob')!, 'owner')
  await answer(false)
  await owner
  expect(writes()).toEqual(['PATCH /teams/t1/members/u-bob admin'])
})
test('handing over makes the other an owner first, then oneself an admin', async () => {
  setup('owner')
  const done = it.transfer(bob)
  await answer(true)
  await done
  expect(writes()).toEqual(['PATCH /teams/t1/members/u-bob owner', `PATCH /teams/t1/members/${ann.id} admin`])
  expect(teams.role('t1')).toBe('admin')
  expect(teams.member('t1', 'u-bob')?.role).toBe('owner')
})
test('the last owner hears why they cannot leave, with nothing sent', async () => {
  setup('owner')
  await it.leave()
  expect(said()).toContain('only owner')
  expect(writes()).toEqual([])
})
test('so does one whose page did not know yet', async () => {
  setup('owner')
  teams.setMembers('t1', [member(ann.id, 'Ann', 'owner'), { ...bob, role: 'owner' }])
  server.on(`DELETE /teams/t1/members/${ann.id}`, () => problem(409, { code: 'last_owner', detail: 'a team keeps at least one owner' }))
  const done = it.leave()
  await answer(true)
  await done
  expect(said()).toContain('only owner')
  expect(teams.byId('t1')).toBeDefined()
})
test('leaving forgets the team', async () => {
  setup('member')
  const done = it.leave()
  await answer(true)
  await done
  expect(teams.byId('t1')).toBeUndefined()
  expect(said()).toBe('You left North')
})
test('a team is deleted only after its name was asked for', async () => {
  setup('owner')
  server.on('DELETE /teams/t1', () => undefined)
  const done = it.removeTeam()
  await vi.waitFor(() => expect(asked.value?.typed).toBe('North'))
  await answer(true)
  await done
  expect(teams.teams).toEqual([])
})
