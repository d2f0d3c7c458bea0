import { computed, nextTick, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { tasks as api } from '@/api'
import { useStream } from '@/features/realtime/stream'
import { useSession } from '@/features/session/store'
import { useTasks } from '@/features/tasks/store'
import { useTeams } from '@/features/teams/store'
import { drop, load, save as store } from '@/lib/storage'
import { useToast } from '@/ui/toast'

interface Draft { text: string; base: string }

/**
 * A person's edit of one text of a task. `base` is what the text was when they began: it goes to the server as `was`, so
 * that what others wrote meanwhile is merged or asked about, never lost. The draft survives a reload until the server has
 * taken it. `focus` goes to the editor whose text somebody brought back.
 */
export function useFieldEditor(id: string, field: 'title' | 'description', focus: () => void) {
  const session = useSession()
  const stream = useStream()
  const tasks = useTasks()
  const teams = useTeams()
  const toast = useToast()
  const key = `edit:${tasks.idOf(id)}:${field}`
  const current = computed(() => tasks.view(id)?.[field] ?? '')
  const editing = ref(false)
  const text = ref('')
  const base = ref('')
  /** Came back after a reload. */
  const restored = ref(false)
  const changed = computed(() => editing.value && tasks.view(id)?.[field] !== undefined && current.value !== base.value)
  /** Who changed it last, as far as this page saw it. */
  const last = shallowRef<{ by: string; at: string } | null>(null)
  /** Somebody else changed it since this edit began. */
  const moved = computed(() => (changed.value ? last.value ?? { by: 'Somebody', at: null } : null))

  onScopeDispose(stream.listen(message => {
    const of = tasks.idOf(id)
    const list = 'tasks' in message ? message.tasks : 'task_id' in message && 'changes' in message ? [message] : []
    if (!list.some(it => it.task_id === of && it.changes[field] !== undefined)) return
    const { updated_by: who } = message
    last.value = { by: !who ? 'Somebody' : who.id === session.user?.id ? 'You, elsewhere,' : teams.member(message.team_id, who.id)?.name ?? `@${who.username}`, at: message.timestamp }
  }))

  // A draft that outlived the page, or a change that came with a new snapshot: the activity knows who it was.
  watch(changed, is => { if (is && !last.value) void lookUp().catch(() => undefined) })
  async function lookUp(): Promise<void> {
    const { items } = await api.activity(tasks.idOf(id), { limit: 20 })
    const found = items.find(item => field in item.changes)
    if (found && !last.value) last.value = { by: found.actor?.name ?? 'Somebody', at: found.created_at }
  }

  const kept = load<Draft>(key)
  if (kept && kept.text !== current.value && kept.text !== kept.base) begin(kept, true)
  else drop(key)

  function begin(draft: Draft, again = false): void {
    base.value = draft.base
    text.value = draft.text
    restored.value = again
    editing.value = true
  }
  function start(): void {
    if (editing.value) return
    last.value = null
    begin({ text: current.value, base: current.value })
  }
  const stopKeeping = watch([text, base], () => {
    if (!editing.value) return
    if (text.value === base.value) drop(key)
    else store(key, { text: text.value, base: base.value } satisfies Draft)
  }, { flush: 'sync' })
  onScopeDispose(stopKeeping)
  // The edit that a reload interrupted was on its way already, and shows as such.
  watch(current, is => {
    if (!restored.value || is !== text.value) return
    editing.value = restored.value = false
    drop(key)
  })
  let gone = false
  onScopeDispose(() => { gone = true })

  /** Closes the editor and sends what is new; a refused text comes back into it. */
  async function save(): Promise<void> {
    if (!editing.value) return
    const mine: Draft = { text: clean(text.value), base: base.value }
    editing.value = false
    if (mine.text === mine.base || (field === 'title' && !mine.text)) return drop(key)
    const back = (): boolean => {
      if (gone || editing.value || !tasks.view(id)) return false
      begin(mine)
      store(key, mine)
      return true
    }
    await tasks.edit(id, { [field]: mine.text }, { was: { [field]: mine.base }, back })
    // The server has it, or a prompt that outlives the page.
    if (!editing.value) drop(key)
  }
  const clean = (value: string): string => (field === 'title' ? value.replace(/\s+/g, ' ').trim() : value.replace(/\s+$/, ''))

  /** Gives the edit up, with a way back. */
  function cancel(): void {
    if (!editing.value) return
    const mine: Draft = { text: text.value, base: base.value }
    editing.value = false
    drop(key)
    if (mine.text === mine.base) return
    const back = (): void => {
      store(key, mine)
      if (gone) return // the next one who opens the task finds it
      begin(mine)
      void nextTick(focus)
    }
    toast.show('Your text was put aside', { action: { label: 'Bring it back', run: back } })
  }
  return { current, base, editing, text, restored, moved, start, save, cancel }
}
