import { onScopeDispose, ref, shallowRef, watch } from 'vue'

/** What a page has to read before it can show anything: again for each key, and on `reload`. */
export function useLoading<K>(key: () => K, load: (key: K) => Promise<unknown>) {
  const loading = ref(true)
  const error = shallowRef<unknown>(null)
  let turn = 0
  async function reload(): Promise<void> {
    const mine = ++turn
    loading.value = true
    error.value = null
    try {
      await load(key())
    } catch (thrown) {
      if (mine === turn) error.value = thrown
    } finally {
      if (mine === turn) loading.value = false
    }
  }
  watch(key, () => void reload(), { immediate: true })
  onScopeDispose(() => turn++)
  return { loading, error, reload }
}
