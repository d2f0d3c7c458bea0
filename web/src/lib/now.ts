import { onScopeDispose, ref, type Ref } from 'vue'

/** The time, for what changes with it: fresh each minute, and when somebody comes back to the page. */
export function useNow(): Readonly<Ref<number>> {
  const now = ref(Date.now())
  const tick = (): void => { now.value = Date.now() }
  const timer = setInterval(tick, 60_000)
  document.addEventListener('visibilitychange', tick)
  onScopeDispose(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
  })
  return now
}
