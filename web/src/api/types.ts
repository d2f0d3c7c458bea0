// The names this app uses for the shapes of the API. They come from the OpenAPI document (schema.gen.ts, by
// `make gen`); only what that document leaves open is written out here: the messages of the stream, and the boot data.
import type { components } from './schema.gen'

type Schemas = components['schemas']

export type User = Schemas['User']
export type Me = Schemas['Me']
export type TokenAnswer = Schemas['Tokens']
export type Session = Schemas['Session']
export type Team = Schemas['Team']
export type Member = Schemas['Member']
export type Invite = Schemas['Invite']
export type InvitePreview = Schemas['InvitePreview']
export type Label = Schemas['Label']
export type SavedFilter = Schemas['SavedFilter']
/** A file that is being made, or was. */
export type Report = Schemas['Report']
export type ReportInput = Schemas['ReportInput']
export type Status = Schemas['Status']
export type Project = Schemas['Project']
/** A task as boards and lists carry it: without its description. A board holds no deleted ones and does not say so. */
export type Card = Schemas['Card'] & { deleted_at?: string | null }
export type Task = Schemas['Task']
export type TaskDetail = Schemas['TaskDetail']
export type Comment = Schemas['Comment']
export type ActivityItem = Schemas['Activity']
export type Board = Schemas['Board']
export type SearchHit = Schemas['Found']
export type Notification = Schemas['Notification']
export type NotificationType = Notification['type']
export type TypePreference = Schemas['Preference']
export type EmailWay = TypePreference['email']
export type Preferences = Omit<Schemas['NotificationPreferences'], 'types'> & { types: Record<NotificationType, TypePreference> }
export type Mutes = Schemas['Mutes']
export type Unsubscription = Schemas['Subscription']
/** A mail of the log, without its text. */
export type MailEntry = Schemas['Mail']
export type MailState = MailEntry['state']
export type Mail = Schemas['MailDetail']
export type MailBody = Schemas['MailPreview']
/** A kind of mail that there is a preview of. */
export type MailKind = Schemas['MailKind']
/** Somebody, as they are to the reader. */
export type Profile = Schemas['Person']
export type Config = Schemas['Config']
export type TaskInput = Schemas['TaskInput']
/** The fields a person can edit. */
export type TaskFields = Required<Schemas['TaskFields']>
export type MoveInput = Schemas['MoveInput'] & { status: string }
export type FieldError = Schemas['Fault']
export type FieldConflict = Schemas['FieldConflict'] & { by: Schemas['By'] | null }
/** RFC 9457. What stands between us and the server may answer with less than the server does. */
export type Problem = Pick<Schemas['Problem'], 'status' | 'title'> & Partial<Pick<Schemas['Problem'], 'type' | 'detail' | 'code' | 'errors'>> & { current?: TaskDetail; conflicts?: FieldConflict[]; tasks?: TaskConflict[] }
export interface TaskConflict { current: Task; conflicts: FieldConflict[] }
export type ImportJob = Omit<Schemas['Job'], 'problem'> & { problem: Problem | null }

export type Role = Member['role']
export type Theme = Me['theme']
export type Color = Label['color']
export type Priority = Task['priority']
export type Category = Status['category']
export type ImportFormat = 'github' | 'trello' | 'csv' | 'tandem'
export type ExportFormat = 'json' | 'csv'
export interface StatusInput { name: string; color: Color; category: Category; wip_limit: number | null }
export interface Page<T> { items: T[]; next_cursor: string | null }
/** What the page is booted with: enough for the sidebar. */
export type ProjectRef = Pick<Project, 'id' | 'team_id' | 'key' | 'name'>
/** The token is in the answer to the creation only, and never shown again. */
export type NewInvite = Invite & { token: string }
export type MyInvite = Invite & { team_name: string }

type Envelope = Pick<Schemas['Message'], 'id' | 'seq' | 'updated_by' | 'mutation_id' | 'timestamp'> & { team_id: string }
export type Figures = Schemas['Figures']
export type PersonFigures = Schemas['PersonFigures']
/** One of many edits that are sent together. */
export interface BulkEdit { task_id: string; set: Partial<TaskFields>; was: Partial<TaskFields> }
export interface TaskChange { task_id: string; version: number; changes: Partial<Task> }
export type TaskEvent = 'task.created' | 'task.updated' | 'task.moved' | 'task.assigned' | 'task.deleted' | 'task.restored'
export type TaskMessage = Envelope & { type: TaskEvent } & (TaskChange | { tasks: TaskChange[] })
export interface CommentMessage extends Envelope {
  type: 'comment.added' | 'comment.updated' | 'comment.deleted'
  task_id: string; version: number; comment_count: number; comment: Comment
}
export interface MemberMessage extends Envelope { type: 'member.added' | 'member.updated' | 'member.removed'; member: Member }
/** A member has another name or avatar. */
export interface UserUpdatedMessage extends Envelope { type: 'user.updated'; user: User }
export interface ProjectMessage extends Envelope { type: 'project.created' | 'project.updated' | 'project.deleted'; project: Project }
export interface LabelMessage extends Envelope { type: 'label.created' | 'label.updated' | 'label.deleted'; label: Label }
/** In the team's stream when it is shared, else in its owner's own. */
export interface FilterMessage extends Envelope { type: 'filter.created' | 'filter.updated' | 'filter.deleted'; filter: SavedFilter }
export interface TeamUpdatedMessage extends Envelope { type: 'team.updated'; version: number; changes: Pick<Team, 'name' | 'description' | 'updated_at'> }
export interface TeamDeletedMessage extends Envelope { type: 'team.deleted' }
/** One committed change of a team, the same on every transport. */
export type Message = TaskMessage | CommentMessage | MemberMessage | UserUpdatedMessage | ProjectMessage | LabelMessage | FilterMessage | TeamUpdatedMessage | TeamDeletedMessage
/** What arrives on a person's own stream. */
export type UserMessage =
  | { type: 'team.joined'; team: Team }
  | { type: 'team.left'; team_id: string }
  | { type: 'invite.created'; invite: MyInvite }
  | { type: 'session.ended'; session_id: string }
  | { type: 'user.updated'; user: User }
  | { type: FilterMessage['type']; filter: SavedFilter }
  | { type: 'report.updated' | 'report.deleted'; report: Report }
  | NotificationMessage
export type NotificationMessage =
  | { type: 'notification.created'; notification: Notification; unread: number }
  | { type: 'notification.read'; ids?: string[]; all?: boolean; unread: number }
  | { type: 'notification.deleted'; ids: string[]; unread: number }
export interface EventsAnswer { items: Message[]; seq: number; epoch: string }

/** What the server writes into the page for the first paint. */
export interface Boot {
  access_token?: string; expires_in?: number; user: Me | null
  teams?: Team[]; projects?: ProjectRef[]; board?: Board | null; config: Config
  /** How many notifications are unread. */
  unread?: number
}
