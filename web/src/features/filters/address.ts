import { computed, onScopeDispose, ref, watch, type ComputedRef } from 'vue'
import { useRoute, useRouter, type LocationQuery, type LocationQueryRaw } from 'vue-router'
import type { Filters } from './state'

/** Words come into the address once somebody stops typing: browsers refuse a change of it at each key. */
const PAUSE = 300

/**
 * What a page shows, read from its address and written there, so that it can be shared and gone back to. Words count at
 * once. While the page is being left, another one's address changes nothing.
 */
export function useAddress<S extends Filters>(page: string, parse: (query: LocationQuery) => S, print: (state: S) => LocationQueryRaw): { state: ComputedRef<S>; change: (part: Partial<S>) => void } {
  const route = useRoute()
  const router = useRouter()
  const typed = ref<string | null>(null)
  let held = parse(route.query)
  const inAddress = computed(() => (route.name === page ? (held = parse(route.query)) : held))
  const state = computed(() => (typed.value === null ? inAddress.value : { ...inAddress.value, q: typed.value }))

  let timer: ReturnType<typeof setTimeout> | undefined
  function write(to: S): void {
    clearTimeout(timer)
    timer = undefined
    void router.replace({ query: print(to), params: route.params })
  }
  function change(part: Partial<S>): void {
    if (part.q === undefined || Object.keys(part).length > 1) {
      const to = { ...state.value, ...part }
      if (typed.value !== null) typed.value = to.q
      return write(to)
    }
    typed.value = part.q
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      if (route.name === page) write(state.value)
    }, PAUSE)
  }
  // What was typed has arrived there; or somebody went back, or followed a link to this very page.
  watch(inAddress, () => { if (!timer) typed.value = null })
  onScopeDispose(() => clearTimeout(timer))
  return { state, change }
}
