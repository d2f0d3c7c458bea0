import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { tasks as tasksApi, type Card, type Figures, type FiguresQuery } from '@/api'
import { useStream } from '@/features/realtime/stream'
import { useLoading } from '@/features/settings/load'
import { fromQuery, toQuery, type Range } from './range'

const QUIET = 4000

/** The figures of the days that the address says, read again when something has changed. */
export function useFigures<F extends Figures>(of: { key: () => string; load: (query: FiguresQuery) => Promise<F>; oldest: () => Parameters<typeof tasksApi.list>[0] }) {
  const route = useRoute()
  const router = useRouter()
  const stream = useStream()
  const range = computed(() => fromQuery(route.query))
  const figures = shallowRef<F | null>(null)
  const oldest = shallowRef<readonly Card[]>([])
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone

  async function read(): Promise<void> {
    const { from, to, bucket } = range.value
    const [now, waiting] = await Promise.all([
      of.load({ from, to, bucket, timezone }),
      tasksApi.list({ ...of.oldest(), open: true, sort: 'created_at', limit: 10 }),
    ])
    figures.value = now
    oldest.value = waiting.items
  }
  const { loading, error, reload } = useLoading(() => `${of.key()} ${range.value.from} ${range.value.to} ${range.value.bucket}`, read)
  watch(of.key, () => { figures.value = null })

  // Others go on working: what is shown follows, but not at every step.
  let timer: ReturnType<typeof setTimeout> | undefined
  function readSoon(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void read().catch(() => undefined), QUIET)
  }
  onScopeDispose(stream.listen(message => { if (message.type.startsWith('task.')) readSoon() }))
  onScopeDispose(stream.onRestart(() => readSoon()))
  onScopeDispose(() => clearTimeout(timer))

  const choose = (change: Partial<Range & { preset: string }>): void => void router.replace({ query: toQuery({ ...range.value, ...change }) })
  return { range, figures, oldest, loading, error, reload, choose }
}
