import type { Color, MailState } from '@/api'

export const STATES: readonly MailState[] = ['waiting', 'sent', 'failed', 'kept', 'dropped']
export const STATE_NAMES: Record<MailState, string> = { waiting: 'Waiting', sent: 'Sent', failed: 'Failed', kept: 'Kept here', dropped: 'Dropped' }
export const STATE_COLORS: Record<MailState, Color> = { waiting: 'blue', sent: 'green', failed: 'red', kept: 'amber', dropped: 'gray' }
export const STATE_HINTS: Record<MailState, string> = {
  waiting: 'It is to be sent, or will be tried again.', sent: 'The mail server has taken it.', failed: 'It was given up.',
  kept: 'No mail server is configured: it can be read here only.', dropped: 'There was nothing left to tell, or the address is suspended.',
}
