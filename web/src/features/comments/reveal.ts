import { computed, nextTick, onScopeDispose, ref, watch, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { announce } from '@/lib/announce'
import { useToast } from '@/ui/toast'
import type { ShownComment } from './layers'

/** A comment stays highlighted this long. */
const SHOWN = 6000

/** Shows the comment of the address (?comment=…): scrolls to it, highlights it and gives it the focus. */
export function useReveal(of: { list: Readonly<Ref<HTMLElement | null>>; loaded: Ref<boolean>; shown: Ref<ShownComment[]>; begin: () => void }) {
  const route = useRoute()
  const router = useRouter()
  const toast = useToast()
  const revealed = ref('')
  /** Wished for, and not found yet. */
  const wanted = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined
  const target = computed(() => (of.loaded.value && wanted.value ? wanted.value : ''))

  function wish(): void {
    wanted.value = typeof route.query.comment === 'string' ? route.query.comment : ''
  }
  wish()
  // Going to where one is already says it again.
  onScopeDispose(router.afterEach((_to, _from, failure) => { if (!failure) void nextTick(wish) }))
  onScopeDispose(() => clearTimeout(timer))

  watch(target, async id => {
    if (!id) return
    wanted.value = ''
    const comment = of.shown.value.find(c => c.id === id)
    if (!comment) return void toast.show('That comment is not there any more.')
    of.begin()
    revealed.value = id
    clearTimeout(timer)
    timer = setTimeout(() => { revealed.value = '' }, SHOWN)
    await nextTick()
    const el = of.list.value?.querySelector<HTMLElement>(`[data-comment="${CSS.escape(id)}"]`)
    if (el) centre(el)
    el?.focus({ preventScroll: true })
    announce(`Comment by ${comment.author?.name ?? 'somebody who has left'}`)
  }, { immediate: true, flush: 'post' })
  return revealed
}

/** Within its own scroller: scrollIntoView would move the dialog around it as well. */
function centre(el: HTMLElement): void {
  const scroller = el.closest('.overflow-y-auto')
  if (!scroller) return el.scrollIntoView({ block: 'center' })
  const [box, here] = [scroller.getBoundingClientRect(), el.getBoundingClientRect()]
  scroller.scrollTop += here.top - box.top - Math.max(16, (box.height - here.height) / 2)
}
