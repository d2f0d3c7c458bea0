import { readonly, ref } from 'vue'

const state = ref(typeof navigator === 'undefined' || navigator.onLine)
/** When the server last answered anything. */
const seen = ref(Date.now())

/** False while requests do not reach the server. */
export const online = readonly(state)
export const lastSeen = readonly(seen)

export function reached(): void {
  state.value = true
  seen.value = Date.now()
}
export function unreachable(): void {
  state.value = false
}

const waiting = new Set<() => void>()

/** Resolves after `ms`, or at once when the network comes back. */
export function waitForNetwork(ms: number): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      waiting.delete(done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    waiting.add(done)
  })
}

if (typeof window !== 'undefined') {
  window.addEventListener('online', () => {
    state.value = true
    // After the other listeners, who may want to read before anything is sent (realtime/stream.ts).
    setTimeout(() => { for (const done of [...waiting]) done() })
  })
  window.addEventListener('offline', unreachable)
}
