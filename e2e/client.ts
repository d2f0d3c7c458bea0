import { randomUUID } from 'node:crypto'

/** A user of the API, for what a test needs but does not look at. */
export class Client {
  private constructor(readonly url: string, readonly username: string, readonly id: string, private readonly token: string) {}

  static readonly password = 'correct horse battery'

  static async register(url: string, username: string, name: string): Promise<Client> {
    const answer = await fetch(`${url}/api/auth/register`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username, name, email: `${username}@example.org`, password: Client.password }),
    })
    if (!answer.ok) throw new Error(`register: ${answer.status} ${await answer.text()}`)
    const { access_token, user } = await answer.json() as { access_token: string; user: { id: string } }
    return new Client(url, username, user.id, access_token)
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return (text ? JSON.parse(text) : undefined) as T
  }

  /** Sends a file as it is. */
  async upload<T>(path: string, body: string): Promise<T> {
    const answer = await fetch(this.url + path, { method: 'POST', headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'text/csv' }, body })
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`)
    return await answer.json() as T
  }

  get = <T>(path: string) => this.call<T>('GET', path)
  post = <T>(path: string, body: unknown) => this.call<T>('POST', path, body)
  patch = <T>(path: string, body: unknown) => this.call<T>('PATCH', path, body)
  delete = (path: string) => this.call<void>('DELETE', path)
}

export interface Named { id: string }
export interface Task extends Named { key: string; title: string; status: string; version: number; description: string; assigned_to: string | null; priority: string; labels: string[]; due_at: string | null; project_id: string }

/** A team with a project; others join it with their role. */
export async function teamOf(owner: Client, others: { client: Client; role: 'admin' | 'member' | 'viewer' }[] = []): Promise<{ team: string; project: string }> {
  const team = await owner.post<Named>('/api/teams', { name: 'Lighthouse' })
  for (const { client, role } of others) {
    const invite = await owner.post<{ token: string }>(`/api/teams/${team.id}/invites`, { username: client.username, role })
    await client.post(`/api/invites/${invite.token}/accept`, {})
  }
  const project = await owner.post<Named>(`/api/teams/${team.id}/projects`, { name: 'Website', key: 'WEB' })
  return { team: team.id, project: project.id }
}
