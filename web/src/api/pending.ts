// What the OpenAPI document does not have yet, written out by hand.
import type { components } from './schema.gen'

type User = components['schemas']['User']

export const NOTIFICATION_TYPES = ['mention', 'task_assigned', 'team_invite', 'task_commented', 'task_status_changed', 'task_due_soon'] as const
export type NotificationType = (typeof NOTIFICATION_TYPES)[number]
export interface Notification {
  id: string; type: NotificationType; title: string; message: string; link: string; is_read: boolean; created_at: string
  team_id: string | null; project_id: string | null; task_id: string | null; comment_id: string | null; task_count: number; triggered_by: User | null
}
export type EmailWay = 'at_once' | 'digest' | 'off'
export interface TypePreference { in_app: boolean; email: EmailWay }
export interface Preferences {
  types: Record<NotificationType, TypePreference>
  digest: boolean; digest_hour: number; quiet_from: string | null; quiet_to: string | null; watched_status: boolean; timezone: string
}
export interface Mutes {
  tasks: { id: string; key: string; title: string; project_id: string }[]
  projects: { id: string; name: string; team_id: string }[]
}
export interface Profile extends User {
  teams: { id: string; name: string; role: 'owner' | 'admin' | 'member' | 'viewer' }[]
  open_tasks: { count: number; items: { id: string; key: string; title: string; status: string; project_id: string; team_id: string }[] }
}
export interface Unsubscription { type: NotificationType | 'digest' | 'report'; email: string; setting: EmailWay }
export type MailState = 'waiting' | 'sent' | 'failed' | 'kept' | 'dropped'
export interface MailEntry { id: string; kind: string; address: string; subject: string; state: MailState; error: string; attempts: number; created_at: string; sent_at: string | null }
export interface MailBody { subject: string; html: string; text: string }
export type Mail = MailEntry & MailBody
export interface MailPreview { kind: string; title: string }
export interface AddressState { email_verified?: boolean; email_suspended?: { reason: string; at: string } | null }

export type NotificationMessage =
  | { type: 'notification.created'; notification: Notification; unread: number }
  | { type: 'notification.read'; ids?: string[]; all?: boolean; unread: number }
  | { type: 'notification.deleted'; ids: string[]; unread: number }
