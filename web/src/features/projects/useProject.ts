import { computed, onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { ApiError } from '@/api'
import { useStream } from '@/features/realtime/stream'
import { useTasks } from '@/features/tasks/store'
import { useTeams } from '@/features/teams/store'
import { takeSnapshot } from './snapshot'
import { useProjects } from './store'

/**
 * Loads a project with its board and keeps it live for as long as the component lives. What is still there from an
 * earlier visit shows at once and is replaced by the new reading.
 */
export function useProject(id: MaybeRefOrGetter<string>) {
  const projects = useProjects()
  const teams = useTeams()
  const tasks = useTasks()
  const stream = useStream()

  const error = shallowRef<unknown>(null)
  const project = computed(() => projects.full(toValue(id)))
  /** There is something to show. */
  const ready = computed(() => project.value !== undefined && tasks.boards.has(toValue(id)))
  /** There is none, or it was taken away while one looked: deleted, or one is no longer in its team. */
  const missing = computed(() => !project.value && (seen.value === toValue(id) || (error.value instanceof ApiError && (error.value.status === 404 || error.value.status === 403))))
  const seen = ref('')
  watch(project, it => { if (it) seen.value = it.id }, { immediate: true })
  let release: (() => void) | null = null

  async function load(): Promise<void> {
    const wanted = toValue(id)
    error.value = null
    try {
      const snapshot = takeSnapshot(wanted)
      const board = await tasks.loadBoard(wanted, snapshot)
      stream.snapshotAt(board.project.team_id, board)
      if (toValue(id) !== wanted) return
      release?.()
      release = stream.follow(board.project.team_id)
      teams.select(board.project.team_id)
      projects.visit(wanted)
    } catch (thrown) {
      if (toValue(id) === wanted) error.value = thrown
    }
  }
  watch(() => toValue(id), load, { immediate: true })
  onScopeDispose(() => release?.())
  return { project, ready, error, missing, reload: load }
}
