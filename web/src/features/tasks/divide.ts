import type { TaskConflict } from '@/api'
import { useProjects } from '@/features/projects/store'
import { useTeams } from '@/features/teams/store'
import { confirm } from '@/ui/confirm'
import type { Inside } from './courier'
import { keyOf, type Layer, type StoredTask } from './model'

/**
 * A change of many tasks was refused, because somebody else changed some of them meanwhile. What nobody contested is sent
 * at once; about the rest one is asked, by the merge prompt for edits, by a question for moves.
 */
export async function divide(layer: Layer, contested: readonly TaskConflict[], inside: Inside): Promise<StoredTask[] | null> {
  const { op, does } = layer
  const theirs = new Set(contested.map(it => it.current.id))
  const free = (id: string): boolean => !theirs.has(inside.idOf(id))
  const patches = (wanted: (id: string) => boolean) => [...layer.patches].filter(([id]) => wanted(id))
  for (const { current } of contested) inside.accept(current)
  if (op.kind === 'edits') {
    const edits = op.edits.filter(edit => free(edit.task_id))
    return all([
      ...(edits.length ? [inside.change({ kind: 'edits', edits }, does, patches(free))] : []),
      // Alone, each is refused with all that the prompt needs.
      ...op.edits.filter(edit => !free(edit.task_id)).map(edit => inside.change({ kind: 'edit', ...edit }, does, [[inside.idOf(edit.task_id), edit.set]])),
    ])
  }
  if (op.kind !== 'move') return null
  const { task_ids, was = {}, ...to } = op.input
  const kept = Object.entries(was).filter(([id]) => free(id))
  const rest = task_ids.filter(free)
  const sent = rest.length ? [inside.change({ kind: 'move', input: { ...to, task_ids: rest, was: Object.fromEntries(kept) } }, does, patches(free))] : []
  if (await confirm(question(contested, op.input.status))) {
    sent.push(inside.change({ kind: 'move', input: { ...to, task_ids: task_ids.filter(id => !free(id)) } }, does, patches(id => !free(id))))
  }
  return all(sent)
}

function question(contested: readonly TaskConflict[], status: string): { title: string; text: string; action: string } {
  const projects = useProjects()
  const teams = useTeams()
  const [first] = contested
  const { current, conflicts } = first!
  const by = conflicts[0]?.by
  const who = (by && (teams.member(current.team_id, by.id)?.name ?? `@${by.username}`)) || 'Somebody'
  const name = (slug: string): string => projects.status(current.project_id, slug)?.name ?? slug
  const tasks = contested.map(it => it.current)
  const where = new Set(tasks.map(task => task.status)).size === 1 ? `to ${name(current.status)}` : 'elsewhere'
  return { title: `${who} moved ${keyOf(tasks)} ${where} meanwhile`, text: `Put ${tasks.length === 1 ? 'it' : 'them'} back to ${name(status)} all the same?`, action: 'Put back' }
}

async function all(sent: readonly Promise<StoredTask[] | null>[]): Promise<StoredTask[] | null> {
  const taken = (await Promise.all(sent)).filter(list => list !== null)
  return taken.length ? taken.flat() : null
}
