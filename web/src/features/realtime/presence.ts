import { shallowReactive } from 'vue'
import type { User } from '@/api'

export type EditedField = 'title' | 'description' | 'comment'
export interface Viewer extends User { editing: EditedField | null }
export interface PresenceMessage { type: 'presence.changed'; team_id: string; task_id: string; users: Viewer[] }

/** Who looks at which task, by the server's last word. Nobody is shown when there is no live connection: it would be a guess. */
const byTask = shallowReactive(new Map<string, { team: string; users: readonly Viewer[] }>())
const NOBODY: readonly Viewer[] = []

export const viewersOf = (taskId: string): readonly Viewer[] => byTask.get(taskId)?.users ?? NOBODY

export function setViewers(team: string, taskId: string, users: readonly Viewer[]): void {
  if (users.length) byTask.set(taskId, { team, users })
  else byTask.delete(taskId)
}
/** All of a team at once, as it comes with the subscription. */
export function resetViewers(team: string, all: Readonly<Record<string, readonly Viewer[]>>): void {
  forgetViewers(team)
  for (const [taskId, users] of Object.entries(all)) setViewers(team, taskId, users)
}
/** Without a team: everybody. */
export function forgetViewers(team?: string): void {
  for (const [taskId, it] of [...byTask]) if (!team || it.team === team) byTask.delete(taskId)
}
