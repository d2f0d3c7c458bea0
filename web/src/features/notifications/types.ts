import type { NotificationType } from '@/api'
import type { IconName } from '@/ui/icons'

/** In the order in which people see them. */
export const TYPES: readonly NotificationType[] = ['mention', 'task_assigned', 'team_invite', 'task_commented', 'task_status_changed', 'task_due_soon']
export const TYPE_NAMES: Record<NotificationType, string> = {
  mention: 'Mentions', task_assigned: 'Assignments', team_invite: 'Invitations', task_commented: 'Comments', task_status_changed: 'Status changes', task_due_soon: 'Due dates',
}
export const TYPE_HINTS: Record<NotificationType, string> = {
  mention: 'Somebody writes @you in a comment or a description.',
  task_assigned: 'A task is given to you.',
  team_invite: 'You are invited to a team.',
  task_commented: 'A comment on a task that you have, made or watch.',
  task_status_changed: 'A task of yours moves to another status.',
  task_due_soon: 'A task of yours is due within a day.',
}
export const TYPE_ICONS: Record<NotificationType, IconName> = {
  mention: 'at', task_assigned: 'user', team_invite: 'users', task_commented: 'message', task_status_changed: 'arrow-right', task_due_soon: 'clock',
}
