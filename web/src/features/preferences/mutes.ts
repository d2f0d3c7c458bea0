import { reason, type Mutes } from '@/api'
import { del, get, put } from '@/api/client'
import { useToast } from '@/ui/toast'

export const loadMutes = (): Promise<Mutes> => get('/me/mutes')
const at = (what: 'tasks' | 'projects', id: string): string => `/${what}/${id}/mute`

/** Mutes or unmutes: `show` is called at once, and again with the opposite when the server refuses. */
export async function setMuted(what: 'tasks' | 'projects', id: string, on: boolean, name: string, show: (on: boolean) => void): Promise<void> {
  const toast = useToast()
  show(on)
  try {
    await (on ? put(at(what, id)) : del(at(what, id)))
    toast.success(on ? `You hear nothing more of ${name}` : `You hear of ${name} again`, { action: { label: 'Undo', run: () => void setMuted(what, id, !on, name, show) } })
  } catch (error) {
    show(!on)
    toast.error(`Could not change that. ${reason(error)}`)
  }
}
