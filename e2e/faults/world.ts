import { randomUUID } from 'node:crypto'
import { Person } from './person.js'
import type { Team, Writers } from './writers.js'

/** People in teams, each with a project. */
export async function people(port: () => number, prefix: string, n: number): Promise<Person[]> {
  const out = Array.from({ length: n }, (_, i) => new Person(port, `${prefix}${i}`))
  for (let i = 0; i < n; i += 8) await Promise.all(out.slice(i, i + 8).map(person => person.register()))
  return out
}

export async function team(members: Person[], name: string): Promise<Team> {
  const owner = members[0]!
  const { id } = await owner.post<{ id: string }>('/api/teams', { name })
  for (const person of members.slice(1)) {
    const { token } = await owner.post<{ token: string }>(`/api/teams/${id}/invites`, { username: person.username, role: 'member' })
    await person.post(`/api/invites/${token}/accept`, {})
  }
  const project = await owner.post<{ id: string }>(`/api/teams/${id}/projects`, { name, key: 'FLT' })
  return { team: id, project: project.id, members, tasks: [] }
}

export async function fill(writers: Writers, teams: readonly Team[], tasks: number): Promise<void> {
  for (const t of teams) for (let i = 0; i < tasks; i++) await writers.create(t, t.members[i % t.members.length]!, randomUUID())
}
