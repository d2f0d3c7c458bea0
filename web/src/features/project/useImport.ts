import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { ApiError, imports, projects as projectsApi, type ImportFormat, type ImportJob } from '@/api'
import { announce } from '@/lib/announce'
import { drop, load, save } from '@/lib/storage'
import { faults, summary } from './importing'

const EVERY = 400
const DAY = 86_400_000

/** One import of a project. It goes on in the server, so it is found again after a reload or from another page. */
export function useImport(projectId: () => string) {
  const job = shallowRef<ImportJob | null>(null)
  /** The server does not answer at the moment. */
  const lost = ref(false)
  const slot = (): string => `import:${projectId()}`
  let timer: ReturnType<typeof setTimeout> | undefined
  let turn = 0

  async function ask(id: string, mine: number): Promise<void> {
    try {
      const read = await imports.get(id)
      if (mine !== turn) return
      job.value = read
      lost.value = false
      if (read.state !== 'running') return ended(read)
    } catch (error) {
      if (mine !== turn) return
      if (error instanceof ApiError && error.status === 404) return drop(slot())
      lost.value = true
    }
    timer = setTimeout(() => void ask(id, mine), lost.value ? 5 * EVERY : EVERY)
  }
  function ended(read: ImportJob): void {
    drop(slot())
    announce(read.state === 'done' ? summary(read) : ['Nothing was imported.', ...faults(read)].join(' '))
  }
  function follow(id: string): Promise<void> {
    clearTimeout(timer)
    lost.value = false
    return ask(id, ++turn)
  }
  async function start(format: ImportFormat, file: File): Promise<void> {
    job.value = null
    const { id } = await projectsApi.import(projectId(), format, file)
    save(slot(), id, DAY)
    await follow(id)
  }
  async function cancel(): Promise<void> {
    const id = job.value?.id
    if (!id) return
    await imports.cancel(id)
    await follow(id)
  }
  function stop(): void {
    clearTimeout(timer)
    turn++
  }
  watch(projectId, () => {
    stop()
    job.value = null
    const id = load<string>(slot())
    if (id) void follow(id)
  }, { immediate: true })
  onScopeDispose(stop)
  return { job, lost, start, cancel }
}
