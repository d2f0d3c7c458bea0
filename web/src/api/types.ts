// The shapes the server answers with, as the OpenAPI document describes them.

export type Role = 'owner' | 'admin' | 'member' | 'viewer'
export type Theme = 'system' | 'light' | 'dark'
export type Color = 'gray' | 'red' | 'orange' | 'amber' | 'green' | 'teal' | 'blue' | 'indigo' | 'purple' | 'pink'
export type Priority = 'none' | 'low' | 'medium' | 'high' | 'urgent'
export type Category = 'backlog' | 'active' | 'done' | 'cancelled'
export type ImportFormat = 'github' | 'trello' | 'csv' | 'tandem'
export type ExportFormat = 'json' | 'csv'

export interface Page<T> { items: T[]; next_cursor: string | null }

export interface User { id: string; username: string; name: string; avatar_url: string | null }
export interface Me extends User { email: string; timezone: string; locale: string; theme: Theme; is_admin: boolean; created_at: string }
export interface TokenAnswer { access_token: string; expires_in: number; user: Me }
export interface Session { id: string; current: boolean; user_agent: string; ip: string; created_at: string; last_used_at: string; expires_at: string }

export interface Team {
  id: string; name: string; description: string; role: Role
  member_count: number; project_count: number; version: number; created_at: string; updated_at: string
}
export interface Member extends User { role: Role; joined_at: string }
export interface Invite {
  id: string; team_id: string; email: string | null; username: string | null; role: Role; invited_by: User
  created_at: string; expires_at: string; status: 'pending' | 'accepted' | 'declined' | 'revoked' | 'expired'
}
/** The token is in the answer to the creation only, and never shown again. */
export interface NewInvite extends Invite { token: string }
export interface MyInvite extends Invite { team_name: string }
export interface InvitePreview { team_name: string; role: Role; invited_by: User; expires_at: string; email: string | null }
export interface Label { id: string; team_id: string; name: string; color: Color }

export interface Status { slug: string; name: string; color: Color; category: Category; wip_limit: number | null; position: string; count: number }
export interface Project {
  id: string; team_id: string; key: string; name: string; description: string; archived: boolean
  statuses: Status[]; version: number; created_at: string; updated_at: string
}
/** What the page is booted with: enough for the sidebar. */
export type ProjectRef = Pick<Project, 'id' | 'team_id' | 'key' | 'name'>

/** A task as boards and lists carry it: without its description. */
export interface Card {
  id: string; team_id: string; project_id: string; key: string; number: number; title: string
  status: string; priority: Priority; position: string; labels: string[]
  assigned_to: string | null; created_by: string | null; imported_author: string | null
  due_at: string | null; completed_at: string | null; comment_count: number
  version: number; created_at: string; updated_at: string; deleted_at: string | null
}
export interface Task extends Card { description: string }
export interface TaskDetail extends Task { description_html: string; watching: boolean; creator: User | null; assignee: User | null }

export interface Comment {
  id: string; task_id: string; team_id: string; author: User | null; imported_author: string | null
  body: string; body_html: string; version: number; created_at: string; updated_at: string
}
export interface ActivityItem {
  id: string; task_id: string; type: 'created' | 'updated' | 'moved' | 'assigned' | 'deleted' | 'restored' | 'commented' | 'imported'
  actor: User | null; changes: Record<string, { from: unknown; to: unknown }>; created_at: string
}
export interface Column { items: Card[]; next_cursor: string | null }
export interface Board {
  project: Project; statuses: Status[]; members: Member[]; labels: Label[]
  columns: Record<string, Column>; seq: number; epoch: string
}
export interface SearchHit { type: 'task' | 'comment'; task: Card; comment_id: string | null; excerpt: string }
export interface ImportJob {
  id: string; state: 'running' | 'done' | 'failed'; format: ImportFormat; done: number; total: number
  tasks: { created: number; unchanged: number }; comments: { created: number; unchanged: number }
  problem: Problem | null; started_at: string; finished_at: string | null
}
export interface Config { version: string; registration: 'open' | 'closed' | 'first'; max_import_bytes: number }

export interface TaskInput {
  title: string; description?: string; status?: string; priority?: Priority; labels?: string[]
  assigned_to?: string | null; due_at?: string | null; before?: string; after?: string
}
/** The fields a person can edit. */
export type TaskFields = Pick<Task, 'title' | 'description' | 'status' | 'priority' | 'labels' | 'assigned_to' | 'due_at'>
export interface MoveInput { task_ids: string[]; status: string; before?: string; after?: string; project_id?: string }
export interface StatusInput { name: string; color: Color; category: Category; wip_limit: number | null }

export interface FieldConflict { field: string; base: unknown; theirs: unknown; yours: unknown; by: { id: string; username: string } | null; at: string | null }
export interface FieldError { location: string; message: string }
/** RFC 9457. */
export interface Problem {
  type?: string; title: string; status: number; detail?: string; code?: string
  errors?: FieldError[]; current?: TaskDetail; conflicts?: FieldConflict[]
}

interface Envelope {
  id: string; team_id: string; seq: number
  updated_by: { id: string; username: string } | null; mutation_id: string | null; timestamp: string
}
export interface TaskChange { task_id: string; version: number; changes: Partial<Task> }
export type TaskEvent = 'task.created' | 'task.updated' | 'task.moved' | 'task.assigned' | 'task.deleted' | 'task.restored'
export type TaskMessage = Envelope & { type: TaskEvent } & (TaskChange | { tasks: TaskChange[] })
export interface CommentMessage extends Envelope {
  type: 'comment.added' | 'comment.updated' | 'comment.deleted'
  task_id: string; version: number; comment_count: number; comment: Comment
}
export interface MemberMessage extends Envelope { type: 'member.added' | 'member.updated' | 'member.removed'; member: Member }
export interface ProjectMessage extends Envelope { type: 'project.created' | 'project.updated' | 'project.deleted'; project: Project }
export interface LabelMessage extends Envelope { type: 'label.created' | 'label.updated' | 'label.deleted'; label: Label }
export interface TeamUpdatedMessage extends Envelope { type: 'team.updated'; version: number; changes: Pick<Team, 'name' | 'description' | 'updated_at'> }
export interface TeamDeletedMessage extends Envelope { type: 'team.deleted' }
/** One committed change of a team, the same on every transport. */
export type Message = TaskMessage | CommentMessage | MemberMessage | ProjectMessage | LabelMessage | TeamUpdatedMessage | TeamDeletedMessage
/** What arrives on a person's own stream. */
export type UserMessage =
  | { type: 'team.joined'; team: Team }
  | { type: 'team.left'; team_id: string }
  | { type: 'invite.created'; invite: MyInvite }
  | { type: 'session.ended'; session_id: string }
export interface EventsAnswer { items: Message[]; seq: number; epoch: string }

/** What the server writes into the page for the first paint. */
export interface Boot {
  access_token?: string; expires_in?: number; user: Me | null
  teams?: Team[]; projects?: ProjectRef[]; board?: Board | null; config: Config
}
