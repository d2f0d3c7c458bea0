// What the OpenAPI document does not have yet, written out by hand: mails, and the state of one's address.
import type { EmailWay, NotificationType } from './types'

export interface Unsubscription { type: NotificationType | 'digest' | 'report'; email: string; setting: EmailWay | 'on' }
export type MailState = 'waiting' | 'sent' | 'failed' | 'kept' | 'dropped'
export interface MailEntry { id: string; kind: string; address: string; subject: string; state: MailState; error: string; attempts: number; created_at: string; sent_at: string | null }
export interface MailBody { subject: string; html: string; text: string }
export type Mail = MailEntry & MailBody
export interface MailPreview { kind: string; title: string }
export interface AddressState { email_verified?: boolean; email_suspended?: { reason: string; at: string } | null }
