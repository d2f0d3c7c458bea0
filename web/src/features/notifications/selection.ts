import { computed, ref, shallowRef, watch } from 'vue'

/** Which rows of a list are chosen: one by one, a stretch of them with shift, or all. What leaves the list leaves the choice. */
export function useSelection(ids: () => readonly string[]) {
  const chosen = shallowRef<ReadonlySet<string>>(new Set())
  const last = ref<string | null>(null)
  const all = computed(() => ids().length > 0 && chosen.value.size === ids().length)

  function toggle(id: string, stretch = false): void {
    const list = ids()
    const on = !chosen.value.has(id)
    const [from, to] = [last.value === null ? -1 : list.indexOf(last.value), list.indexOf(id)]
    const part = stretch && from >= 0 ? list.slice(Math.min(from, to), Math.max(from, to) + 1) : [id]
    const next = new Set(chosen.value)
    for (const it of part) {
      if (on) next.add(it)
      else next.delete(it)
    }
    chosen.value = next
    last.value = id
  }
  const toggleAll = (): void => { chosen.value = new Set(all.value ? [] : ids()) }
  function clear(): void {
    chosen.value = new Set()
    last.value = null
  }
  watch(ids, list => {
    const there = new Set(list)
    if ([...chosen.value].some(id => !there.has(id))) chosen.value = new Set([...chosen.value].filter(id => there.has(id)))
  })
  return { chosen, all, toggle, toggleAll, clear }
}
