import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { GROUPINGS, type Grouping } from './layout'

const known = (value: unknown): Grouping | null => GROUPINGS.find(it => it === value) ?? null

/** How the board is grouped; it is in the address, so that it can be shared and gone back to. */
export function useGrouping() {
  const route = useRoute()
  const router = useRouter()
  const inQuery = (name: string, usual: Grouping | null) => computed({
    get: () => known(route.query[name]) ?? usual,
    set: value => void router.replace({ query: { ...route.query, [name]: value === usual ? undefined : (value ?? undefined) } }),
  })
  const grouping = inQuery('group', 'status')
  return { grouping: computed({ get: () => grouping.value ?? 'status', set: value => { grouping.value = value } }), swimlanes: inQuery('lanes', null) }
}
