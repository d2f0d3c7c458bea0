import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useProjects } from '@/features/projects/store'
import { useStream } from '@/features/realtime/stream'
import { online } from '@/lib/online'
import { useTeams } from './store'

/** Reads what tasks of these teams are shown with: projects with their statuses, members, labels. `live`: and keeps it fresh. */
export function useTeamData(teamIds: () => readonly string[], live = true) {
  const teams = useTeams()
  const projects = useProjects()
  const stream = useStream()
  const ready = ref(false)
  const error = shallowRef<unknown>(null)
  let releases: (() => void)[] = []
  const release = (): void => { for (const end of releases.splice(0)) end() }

  async function load(): Promise<void> {
    const ids = teamIds()
    error.value = null
    try {
      await Promise.all(ids.flatMap(id => [projects.loadTeam(id, projects.ofTeam(id, true).some(p => !p.statuses)), teams.loadMembers(id), teams.loadLabels(id)]))
      ready.value = true
    } catch (thrown) {
      error.value = thrown
    }
  }
  watch(() => teamIds().join(), () => {
    release()
    if (live) releases = teamIds().map(id => stream.follow(id))
    void load()
  }, { immediate: true })
  watch(online, is => { if (is && error.value) void load() })
  onScopeDispose(release)
  return { ready, error, reload: load }
}
