import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test } from 'vitest'
import type { Member, Team } from '@/api'
import { useProjects } from '@/features/projects/store'
import { ann, message, project, T0 } from '@/test/fakes'
import { useTeams } from './store'

const team: Team = { id: 't1', name: 'North', description: '', role: 'member', show_member_analytics: false, member_count: 2, project_count: 1, version: 1, created_at: T0, updated_at: T0 }
const member = (id: string, name: string, role: Member['role'] = 'member'): Member => ({ id, username: name.toLowerCase(), name, avatar_url: null, role, joined_at: T0 })
let teams: ReturnType<typeof useTeams>
beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
  teams = useTeams()
  teams.setTeams([team])
  teams.setMembers('t1', [member(ann.id, 'Ann'), member('u-bob', 'Bob')])
  teams.setLabels('t1', [])
})

test('members come, change and go', () => {
  teams.applyMessage(message({ type: 'member.added', member: member('u-abe', 'Abe') }), ann.id)
  expect(teams.membersOf('t1').map(m => m.name)).toEqual(['Abe', 'Ann', 'Bob'])
  expect(teams.byId('t1')!.member_count).toBe(3)
  teams.applyMessage(message({ type: 'member.removed', member: member('u-bob', 'Bob') }), ann.id)
  expect(teams.member('t1', 'u-bob')).toBeUndefined()
})
test('a member looks different, and keeps the role; who is no member stays out', () => {
  teams.applyMessage(message({ type: 'member.updated', member: member('u-bob', 'Bob', 'admin') }), ann.id)
  teams.applyMessage(message({ type: 'user.updated', user: { id: 'u-bob', username: 'bob', name: 'Aaron', avatar_url: '/avatars/a-64.jpg' } }), ann.id)
  expect(teams.membersOf('t1').map(m => [m.name, m.avatar_url, m.role])).toEqual([['Aaron', '/avatars/a-64.jpg', 'admin'], ['Ann', null, 'member']])
  teams.applyMessage(message({ type: 'user.updated', user: { id: 'u-cy', username: 'cy', name: 'Cy', avatar_url: null } }), ann.id)
  expect(teams.member('t1', 'u-cy')).toBeUndefined()
})
test("one's own new role counts at once; somebody else's does not touch it", () => {
  teams.applyMessage(message({ type: 'member.updated', member: member('u-bob', 'Bob', 'admin') }), ann.id)
  expect(teams.canManage('t1')).toBe(false)
  teams.applyMessage(message({ type: 'member.updated', member: member(ann.id, 'Ann', 'admin') }), ann.id)
  expect(teams.canManage('t1')).toBe(true)
})
test("a team's message does not carry the reader's role", () => {
  teams.applyMessage(message({ type: 'team.updated', version: 2, changes: { name: 'South', description: '', updated_at: T0 } }), ann.id)
  expect(teams.byId('t1')).toMatchObject({ name: 'South', role: 'member' })
})
test('leaving a team forgets it', () => {
  teams.select('t1')
  teams.applyUserMessage({ type: 'team.left', team_id: 't1' })
  expect(teams.current).toBeNull()
  expect(teams.membersOf('t1')).toEqual([])
})
test('labels are kept in order', () => {
  for (const name of ['Zeta', 'Alpha']) teams.applyMessage(message({ type: 'label.created', label: { id: name, team_id: 't1', name, color: 'red' } }), ann.id)
  expect(teams.labelsOf('t1').map(l => l.name)).toEqual(['Alpha', 'Zeta'])
})
test('an older project does not replace a newer one, and a short one does not take its statuses', () => {
  const projects = useProjects()
  projects.applyMessage(message({ type: 'project.updated', project: { ...project(), name: 'New', version: 5 } }))
  projects.put({ ...project(), name: 'Old', version: 4 })
  projects.seed([{ id: 'p1', team_id: 't1', key: 'WEB', name: 'New' }], ['t1'])
  expect(projects.full('p1')).toMatchObject({ name: 'New', version: 5 })
  projects.applyMessage(message({ type: 'project.deleted', project: project() }))
  expect(projects.ofTeam('t1')).toEqual([])
})
