import type { Role } from '@/api'

export const ROLES: readonly Role[] = ['owner', 'admin', 'member', 'viewer']
export const ROLE_NAMES: Record<Role, string> = { owner: 'Owner', admin: 'Admin', member: 'Member', viewer: 'Viewer' }
/** What a role may do, in one line. */
export const ROLE_HINTS: Record<Role, string> = {
  owner: 'Everything, also deleting the team',
  admin: 'Manages people, projects and imports',
  member: 'Works on tasks and labels',
  viewer: 'Reads, changes nothing',
}

/** The roles that somebody may give to a member who has `held`: an admin neither touches owners nor makes them. */
export function rolesFor(own: Role | undefined, held: Role): Role[] {
  if (own === 'owner') return [...ROLES]
  return own === 'admin' && held !== 'owner' ? ROLES.filter(role => role !== 'owner') : []
}
/** Whether somebody may take another member out of the team. */
export const canRemove = (own: Role | undefined, held: Role): boolean => own === 'owner' || (own === 'admin' && held !== 'owner')
/** The roles an invitation can carry. */
export const INVITE_ROLES: readonly Exclude<Role, 'owner'>[] = ['admin', 'member', 'viewer']

/** Whether the one with this id is all that keeps the team owned. */
export function isLastOwner(members: readonly { id: string; role: Role }[], userId: string | undefined): boolean {
  const owners = members.filter(m => m.role === 'owner')
  return owners.length === 1 && owners[0]!.id === userId
}

/** One field takes an address or a username, with or without its @. */
export function addressee(text: string): { email: string } | { username: string } {
  const it = text.trim()
  return it.lastIndexOf('@') > 0 ? { email: it } : { username: it.replace(/^@/, '') }
}
