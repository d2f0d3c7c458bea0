import type { Notification, NotificationType, Page } from '@/api'
import { get, post, type RequestOptions } from '@/api/client'

export interface NotificationQuery { type?: readonly NotificationType[]; is_read?: boolean; cursor?: string | null; limit?: number }
/** More ids than this go in several requests. */
export const MOST = 200

export const list = ({ type, ...query }: NotificationQuery): Promise<Page<Notification>> => get('/notifications', { query: { ...query, type: type && [...type] } })
export const read = (ids: readonly string[]): Promise<{ count: number }> => post('/notifications/read', { ids })
export const readAll = (type?: NotificationType): Promise<{ count: number }> => post('/notifications/read-all', type ? { type } : {})
export const remove = (ids: readonly string[], options: RequestOptions): Promise<{ count: number }> => post('/notifications/delete', { ids }, options)
