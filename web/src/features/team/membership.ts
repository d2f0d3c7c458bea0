import { ApiError, reason, teams as api, type Member, type Role } from '@/api'
import { useProjects } from '@/features/projects/store'
import { useSession } from '@/features/session/store'
import { useTeams } from '@/features/teams/store'
import { confirm } from '@/ui/confirm'
import { useToast } from '@/ui/toast'
import { isLastOwner, ROLE_NAMES } from './roles'

const LAST_OWNER = 'You are the only owner. Make somebody else an owner first, or delete the team.'
export const why = (error: unknown): string => (error instanceof ApiError && error.code === 'last_owner' ? LAST_OWNER : reason(error))

/** What is done to the members of a team. Each asks first where there is no simple way back. */
export function useMembership(teamId: () => string) {
  const session = useSession()
  const teams = useTeams()
  const projects = useProjects()
  const toast = useToast()
  const me = (): string | undefined => session.user?.id
  const teamName = (): string => teams.byId(teamId())?.name ?? 'the team'

  async function attempt(work: () => Promise<void>, done: string): Promise<boolean> {
    try {
      await work()
      toast.success(done)
      return true
    } catch (error) {
      toast.error(why(error))
      return false
    }
  }
  async function give(team: string, userId: string, role: Role): Promise<void> {
    const changed = await api.setRole(team, userId, role)
    teams.setMembers(team, teams.membersOf(team).map(m => (m.id === userId ? { ...m, ...changed } : m)))
    const held = teams.byId(team)
    if (userId === me() && held) teams.put({ ...held, role })
  }
  function forget(team: string): void {
    projects.dropTeam(team)
    teams.drop(team)
  }

  async function setRole(member: Member, role: Role): Promise<void> {
    if (role === member.role) return
    const own = member.id === me()
    if (own && isLastOwner(teams.membersOf(teamId()), member.id)) return void toast.error(LAST_OWNER)
    if (own && !(await confirm({ title: `Become ${ROLE_NAMES[role].toLowerCase()}?`, text: 'You lose rights that only others can give back to you.', action: 'Change my role' }))) return
    if (!own && role === 'owner' && !(await confirm({ title: `Make ${member.name} an owner?`, text: 'Owners can do everything you can, also delete the team or take your ownership away.', action: 'Make owner' }))) return
    const team = teamId()
    await attempt(() => give(team, member.id, role), own ? `You are ${ROLE_NAMES[role].toLowerCase()} now` : `${member.name} is ${ROLE_NAMES[role].toLowerCase()} now`)
  }
  async function transfer(member: Member): Promise<void> {
    if (!(await confirm({ title: `Hand the team over to ${member.name}?`, text: `${member.name} becomes owner of ${teamName()}, and you become an admin.`, action: 'Transfer ownership' }))) return
    const team = teamId()
    await attempt(async () => {
      if (member.role !== 'owner') await give(team, member.id, 'owner')
      await give(team, me()!, 'admin')
    }, `${member.name} owns the team now`)
  }
  async function remove(member: Member): Promise<void> {
    if (!(await confirm({ title: `Remove ${member.name}?`, text: `${member.name} loses access to ${teamName()} at once. Tasks assigned to them are left without assignee.`, action: 'Remove', danger: true }))) return
    const team = teamId()
    await attempt(async () => {
      await api.removeMember(team, member.id)
      // The count of members follows with the message about it.
      teams.setMembers(team, teams.membersOf(team).filter(m => m.id !== member.id))
    }, `${member.name} is removed`)
  }
  async function leave(): Promise<void> {
    const team = teamId()
    if (isLastOwner(teams.membersOf(team), me())) return void toast.error(LAST_OWNER)
    const name = teamName()
    if (!(await confirm({ title: `Leave ${name}?`, text: 'You lose access at once. Tasks assigned to you are left without assignee. To come back you need an invitation.', action: 'Leave team', danger: true }))) return
    await attempt(async () => {
      await api.removeMember(team, me()!)
      forget(team) // the app goes elsewhere when the page's team is gone
    }, `You left ${name}`)
  }
  async function removeTeam(): Promise<void> {
    const team = teamId()
    const name = teamName()
    if (!(await confirm({ title: `Delete ${name}?`, text: 'All of its projects, tasks, comments and labels are deleted for everybody. This cannot be undone.', action: 'Delete team', danger: true, typed: name }))) return
    await attempt(async () => {
      await api.remove(team)
      forget(team)
    }, `${name} is deleted`)
  }
  return { setRole, transfer, remove, leave, removeTeam }
}
