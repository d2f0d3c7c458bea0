import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import { labels as labelsApi, teams as teamsApi, type Label, type Member, type Message, type Role, type Team, type UserMessage } from '@/api'
import { load, save } from '@/lib/storage'

const YEAR = 365 * 86_400_000
const byName = <T extends { name: string }>(a: T, b: T): number => a.name.localeCompare(b.name)

/** The teams one is in, with their members and labels, kept live by the teams' streams. */
export const useTeams = defineStore('teams', () => {
  const teams = shallowRef<Team[]>([])
  const loaded = ref(false)
  const currentId = ref<string | null>(load<string>('team') ?? null)
  const members = shallowReactive(new Map<string, Member[]>())
  const labels = shallowReactive(new Map<string, Label[]>())

  const current = computed(() => teams.value.find(t => t.id === currentId.value) ?? teams.value[0] ?? null)
  const byId = (id: string): Team | undefined => teams.value.find(t => t.id === id)
  const membersOf = (teamId: string): Member[] => members.get(teamId) ?? []
  const labelsOf = (teamId: string): Label[] => labels.get(teamId) ?? []
  const member = (teamId: string, userId: string | null): Member | undefined => (userId ? membersOf(teamId).find(m => m.id === userId) : undefined)
  const label = (teamId: string, labelId: string): Label | undefined => labelsOf(teamId).find(l => l.id === labelId)
  const role = (teamId: string): Role | undefined => byId(teamId)?.role
  /** May change tasks. */
  const canEdit = (teamId: string): boolean => role(teamId) !== undefined && role(teamId) !== 'viewer'
  /** May invite, remove, and change projects. */
  const canManage = (teamId: string): boolean => role(teamId) === 'owner' || role(teamId) === 'admin'

  function select(id: string): void {
    if (currentId.value === id) return
    currentId.value = id
    save('team', id, YEAR)
  }
  function setTeams(list: Team[]): void {
    teams.value = [...list].sort(byName)
    loaded.value = true
  }
  function put(team: Team): void {
    setTeams([...teams.value.filter(t => t.id !== team.id), team])
  }
  function drop(id: string): void {
    teams.value = teams.value.filter(t => t.id !== id)
    members.delete(id)
    labels.delete(id)
    if (currentId.value === id) currentId.value = null
  }
  const setMembers = (teamId: string, list: Member[]): void => void members.set(teamId, [...list].sort(byName))
  const setLabels = (teamId: string, list: Label[]): void => void labels.set(teamId, [...list].sort(byName))

  async function loadTeams(): Promise<Team[]> {
    setTeams((await teamsApi.list()).items)
    return teams.value
  }
  async function loadMembers(teamId: string, again = false): Promise<Member[]> {
    if (again || !members.has(teamId)) setMembers(teamId, (await teamsApi.members(teamId)).items)
    return membersOf(teamId)
  }
  async function loadLabels(teamId: string, again = false): Promise<Label[]> {
    if (again || !labels.has(teamId)) setLabels(teamId, (await labelsApi.list(teamId)).items)
    return labelsOf(teamId)
  }
  /** Reads again what is held of a team, when its stream could not be continued. */
  async function resync(teamId: string): Promise<void> {
    const held = members.has(teamId) || labels.has(teamId)
    put(await teamsApi.get(teamId))
    if (held) await Promise.all([loadMembers(teamId, true), loadLabels(teamId, true)])
  }

  function applyMessage(message: Message, me: string | undefined): void {
    const { team_id: id } = message
    if (message.type === 'member.added' || message.type === 'member.updated' || message.type === 'member.removed') {
      const { member } = message
      const rest = membersOf(id).filter(m => m.id !== member.id)
      if (members.has(id)) setMembers(id, message.type === 'member.removed' ? rest : [...rest, member])
      const team = byId(id)
      if (!team) return
      const delta = message.type === 'member.added' ? 1 : message.type === 'member.removed' ? -1 : 0
      put({ ...team, member_count: team.member_count + delta, role: member.id === me && message.type === 'member.updated' ? member.role : team.role })
    } else if (message.type === 'user.updated') {
      const { user } = message
      if (membersOf(id).some(m => m.id === user.id)) setMembers(id, membersOf(id).map(m => (m.id === user.id ? { ...m, ...user } : m)))
    } else if (message.type === 'label.created' || message.type === 'label.updated' || message.type === 'label.deleted') {
      if (!labels.has(id)) return
      const rest = labelsOf(id).filter(l => l.id !== message.label.id)
      setLabels(id, message.type === 'label.deleted' ? rest : [...rest, message.label])
    } else if (message.type === 'team.updated') {
      const team = byId(id)
      if (team) put({ ...team, ...message.changes })
    } else if (message.type === 'team.deleted') drop(id)
  }
  function applyUserMessage(message: UserMessage): void {
    if (message.type === 'team.joined') put(message.team)
    else if (message.type === 'team.left') drop(message.team_id)
  }
  function reset(): void {
    teams.value = []
    loaded.value = false
    members.clear()
    labels.clear()
  }

  return {
    teams, loaded, currentId, current, byId, membersOf, labelsOf, member, label, role, canEdit, canManage,
    select, setTeams, put, drop, setMembers, setLabels, loadTeams, loadMembers, loadLabels, resync, applyMessage, applyUserMessage, reset,
  }
})
