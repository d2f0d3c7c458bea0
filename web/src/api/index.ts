// One function per endpoint, grouped by what they are about.
import { del, download, get, patch, post, put, type RequestOptions } from './client'
import type {
  ActivityItem, Board, BulkEdit, Card, Color, Comment, Config, EventsAnswer, ExportFormat, Figures, ImportFormat, ImportJob, Invite, InvitePreview, Label, Me, Member,
  MoveInput, MyInvite, NewInvite, Page, PersonFigures, Project, Report, ReportInput, Role, SavedFilter, SearchHit, Session, Status, StatusInput, Task, TaskDetail, TaskFields, TaskInput, Team, TokenAnswer, User,
} from './types'

export * from './types'
export { ApiError, reason } from './errors'

export interface Paging { cursor?: string | null; limit?: number }
export interface TaskQuery extends Paging {
  team_id?: string; project_id?: string; status?: string | string[]; priority?: string | string[]; label?: string | string[]
  category?: string | string[]; assigned_to?: string | string[]; created_by?: string | string[]; q?: string; sort?: string
  created_from?: string; created_to?: string; completed_from?: string; completed_to?: string; due_from?: string; due_to?: string; due?: 'none'
  open?: boolean; deleted?: boolean; number?: number
}
export interface FiguresQuery { from: string; to: string; bucket: string; timezone: string }
const tz = (query: FiguresQuery, more: { project_id?: string } = {}): RequestOptions => ({ query: { ...query, ...more } })
export const analytics = {
  team: (id: string, query: FiguresQuery, project_id?: string) => get<Figures>(`/teams/${id}/analytics`, tz(query, project_id ? { project_id } : {})),
  member: (id: string, userId: string, query: FiguresQuery) => get<PersonFigures>(`/teams/${id}/members/${userId}/analytics`, tz(query)),
  mine: (query: FiguresQuery) => get<PersonFigures>('/me/analytics', tz(query)),
}

interface Changed { items: Task[]; seq: number }
const anonymous: RequestOptions = { anonymous: true }
const at = (key?: string): RequestOptions => ({ key })

export const auth = {
  config: () => get<Config>('/config', anonymous),
  register: (input: { username: string; email: string; password: string; name: string }) => post<TokenAnswer>('/auth/register', input, anonymous),
  login: (input: { login: string; password: string }) => post<TokenAnswer>('/auth/login', input, anonymous),
  logout: () => post<undefined>('/auth/logout', undefined, { timeout: 5000 }),
  forgot: (email: string) => post<undefined>('/auth/password/forgot', { email }, anonymous),
  reset: (token: string, password: string) => post<undefined>('/auth/password/reset', { token, password }, anonymous),
}

export const me = {
  get: () => get<Me>('/me'),
  update: (input: Partial<Pick<Me, 'name' | 'email' | 'timezone' | 'locale' | 'theme'>> & { current_password?: string }) => patch<Me>('/me', input),
  setAvatar: (file: Blob) => put<Me>('/me/avatar', undefined, { raw: file, type: file.type || 'application/octet-stream', timeout: 120_000 }),
  removeAvatar: () => del<Me>('/me/avatar'),
  setPassword: (input: { current_password: string; new_password: string }) => put<undefined>('/me/password', input),
  sessions: () => get<Page<Session>>('/me/sessions'),
  endSession: (id: string) => del(`/me/sessions/${id}`),
  invites: () => get<{ items: MyInvite[] }>('/me/invites'),
  acceptInvite: (id: string) => post<Team>(`/me/invites/${id}/accept`),
  declineInvite: (id: string) => post<undefined>(`/me/invites/${id}/decline`),
}

export const teams = {
  list: () => get<Page<Team>>('/teams', { query: { limit: 200 } }),
  get: (id: string) => get<Team>(`/teams/${id}`),
  create: (input: { name: string; description?: string }) => post<Team>('/teams', input),
  update: (id: string, input: { name?: string; description?: string; show_member_analytics?: boolean }) => patch<Team>(`/teams/${id}`, input),
  remove: (id: string) => del(`/teams/${id}`),
  members: (id: string, paging: Paging = { limit: 200 }) => get<Page<Member>>(`/teams/${id}/members`, { query: { ...paging } }),
  setRole: (id: string, userId: string, role: Role) => patch<Member>(`/teams/${id}/members/${userId}`, { role }),
  /** With one's own id: leave. */
  removeMember: (id: string, userId: string) => del(`/teams/${id}/members/${userId}`),
  events: (id: string, after: number, limit = 200) => get<EventsAnswer>(`/teams/${id}/events`, { query: { after, limit } }),
}

export const invites = {
  list: (teamId: string) => get<Page<Invite>>(`/teams/${teamId}/invites`, { query: { limit: 200 } }),
  create: (teamId: string, input: { email?: string; username?: string; role: Role }) => post<NewInvite>(`/teams/${teamId}/invites`, input),
  revoke: (teamId: string, id: string) => del(`/teams/${teamId}/invites/${id}`),
  preview: (token: string) => get<InvitePreview>(`/invites/${encodeURIComponent(token)}`, anonymous),
  accept: (token: string) => post<Team>(`/invites/${encodeURIComponent(token)}/accept`),
  decline: (token: string) => post<undefined>(`/invites/${encodeURIComponent(token)}/decline`),
}

interface FilterInput { name: string; query: string; shared?: boolean }
/** Of a project; without one, of one's own tasks. */
export const filters = {
  list: (projectId = '') => get<Page<SavedFilter>>(projectId ? `/projects/${projectId}/filters` : '/me/filters', { query: { limit: 200 } }),
  create: (projectId: string, input: FilterInput) => post<SavedFilter>(projectId ? `/projects/${projectId}/filters` : '/me/filters', input),
  update: (id: string, input: Partial<FilterInput>) => patch<SavedFilter>(`/filters/${id}`, input),
  remove: (id: string) => del(`/filters/${id}`),
}

/** Files that a job makes for one. */
export const reports = {
  list: (teamId: string) => get<Page<Report>>(`/teams/${teamId}/reports`, { query: { limit: 200 } }),
  start: (teamId: string, input: ReportInput) => post<Report>(`/teams/${teamId}/reports`, input),
  remove: (id: string) => del(`/reports/${id}`),
  file: (id: string) => download(`/reports/${id}/file`),
}

export const labels = {
  list: (teamId: string) => get<Page<Label>>(`/teams/${teamId}/labels`, { query: { limit: 200 } }),
  create: (teamId: string, input: { name: string; color: Color }) => post<Label>(`/teams/${teamId}/labels`, input),
  update: (id: string, input: { name?: string; color?: Color }) => patch<Label>(`/labels/${id}`, input),
  remove: (id: string) => del(`/labels/${id}`),
}

export const projects = {
  list: (teamId: string) => get<Page<Project>>(`/teams/${teamId}/projects`, { query: { limit: 200 } }),
  get: (id: string) => get<Project>(`/projects/${id}`),
  create: (teamId: string, input: { name: string; key: string; description?: string }) => post<Project>(`/teams/${teamId}/projects`, input),
  update: (id: string, input: { name?: string; description?: string; archived?: boolean }) => patch<Project>(`/projects/${id}`, input),
  remove: (id: string) => del(`/projects/${id}`),
  board: (id: string, limit = 50, signal?: AbortSignal) => get<Board>(`/projects/${id}/board`, { query: { limit }, signal }),
  createStatus: (id: string, input: Partial<StatusInput> & { name: string }) => post<Project>(`/projects/${id}/statuses`, input),
  updateStatus: (id: string, slug: Status['slug'], input: Partial<StatusInput> & { before?: string; after?: string }) =>
    patch<Project>(`/projects/${id}/statuses/${slug}`, input),
  removeStatus: (id: string, slug: Status['slug'], moveTo?: string) => del<Project>(`/projects/${id}/statuses/${slug}`, { query: { move_to: moveTo } }),
  export: (id: string, format: ExportFormat) => download(`/projects/${id}/export`, { query: { format } }),
  import: (id: string, format: ImportFormat, file: Blob) =>
    post<{ id: string }>(`/projects/${id}/import`, undefined, { query: { format }, raw: file, type: file.type || 'application/octet-stream', timeout: 300_000 }),
}

export const imports = {
  get: (id: string) => get<ImportJob>(`/imports/${id}`),
  cancel: (id: string) => del(`/imports/${id}`),
}

export const tasks = {
  list: (query: TaskQuery, signal?: AbortSignal) => get<Page<Card>>('/tasks', { query: { ...query }, signal }),
  get: (id: string) => get<TaskDetail>(`/tasks/${id}`),
  /** The trash counts too: an address outlives its task. */
  byNumber: async (projectId: string, number: number) => {
    const [live] = (await tasks.list({ project_id: projectId, number, limit: 1 })).items
    return live ?? (await tasks.list({ project_id: projectId, number, limit: 1, deleted: true })).items[0]
  },
  create: (projectId: string, input: TaskInput, key?: string) => post<TaskDetail>(`/projects/${projectId}/tasks`, input, at(key)),
  update: (id: string, input: Partial<TaskFields> & { was?: Partial<TaskFields> }, key?: string) => patch<TaskDetail>(`/tasks/${id}`, input, at(key)),
  move: (input: MoveInput, key?: string) => post<Changed>('/tasks/move', input, at(key)),
  edit: (edits: readonly BulkEdit[], key?: string) => post<Changed>('/tasks/edit', { edits: edits.map(({ task_id, set, was }) => ({ task_id, ...set, was })) }, at(key)),
  remove: (id: string, key?: string) => del(`/tasks/${id}`, at(key)),
  removeMany: (task_ids: readonly string[], key?: string) => post<Changed>('/tasks/delete', { task_ids }, at(key)),
  restoreMany: (task_ids: readonly string[], key?: string) => post<Changed>('/tasks/restore', { task_ids }, at(key)),
  restore: (id: string, key?: string) => post<TaskDetail>(`/tasks/${id}/restore`, undefined, at(key)),
  watch: (id: string, on: boolean) => (on ? put<undefined>(`/tasks/${id}/watch`) : del(`/tasks/${id}/watch`)),
  activity: (id: string, paging: Paging = {}) => get<Page<ActivityItem>>(`/tasks/${id}/activity`, { query: { ...paging } }),
}

export const comments = {
  list: (taskId: string, paging: Paging = {}) => get<Page<Comment>>(`/tasks/${taskId}/comments`, { query: { ...paging } }),
  create: (taskId: string, body: string, key?: string) => post<Comment>(`/tasks/${taskId}/comments`, { body }, at(key)),
  update: (id: string, body: string, was: string, key?: string) => patch<Comment>(`/comments/${id}`, { body, was: { body: was } }, at(key)),
  remove: (id: string, key?: string) => del(`/comments/${id}`, at(key)),
}

interface SearchOptions extends Paging { team_id?: string | undefined; project_id?: string | undefined; type?: 'task' | 'comment'; signal?: AbortSignal }
export const search = (q: string, { signal, ...query }: SearchOptions = {}) => get<Page<SearchHit>>('/search', { query: { q, ...query }, signal })
export const searchPeople = (q: string, { signal, limit }: { signal?: AbortSignal; limit?: number } = {}) => get<Page<User>>('/search/people', { query: { q, limit }, signal })
