import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h, nextTick, ref } from 'vue'
import type { Member } from '@/api'
import { useSession } from '@/features/session/store'
import { useTeams } from '@/features/teams/store'
import { ann } from '@/test/fakes'
import { provideMentions } from './context'
import MentionTextarea from './MentionTextarea.vue'

const member = (id: string, username: string, name: string): Member => ({ id, username, name, avatar_url: null, role: 'member', joined_at: '' }) as unknown as Member
const text = ref('')
const outside = vi.fn()
const Host = defineComponent(() => {
  provideMentions({ teamId: () => 't1', onTask: () => ['u-zoe'] })
  return () => h('form', { onKeydown: outside }, [h(MentionTextarea, { modelValue: text.value, 'onUpdate:modelValue': (v: string) => { text.value = v } })])
})
let host: ReturnType<typeof mount>
const area = (): HTMLTextAreaElement => host.get('textarea').element
const options = (): string[] => host.findAll('[role=option]').map(o => o.text())
async function type(value: string): Promise<void> {
  area().focus()
  area().value = value
  area().setSelectionRange(value.length, value.length)
  area().dispatchEvent(new Event('input'))
  await nextTick()
}
const press = (key: string): Promise<void> => host.get('textarea').trigger('keydown', { key })

beforeEach(() => {
  setActivePinia(createPinia())
  useSession().user = ann
  useTeams().setMembers('t1', [member(ann.id, 'ann', 'Ann Lee'), member('u-bob', 'bob', 'Bob'), member('u-zoe', 'zoe', 'Zoë')])
  text.value = ''
  outside.mockClear()
  document.execCommand = () => false
  host = mount(Host, { attachTo: document.body })
})
afterEach(() => host.unmount())

test('typing @ offers the team, and Enter puts the username in', async () => {
  await type('Hi @')
  expect(options()).toEqual([expect.stringMatching(/Zoë.*@zoe/), expect.stringMatching(/Bob.*@bob/)])
  const first = area().getAttribute('aria-activedescendant')
  expect(document.getElementById(first!)!.getAttribute('aria-selected')).toBe('true')
  await press('ArrowDown')
  await press('Enter')
  expect(text.value).toBe('Hi @bob ')
  expect(outside).not.toHaveBeenCalled()
  await nextTick()
  expect(options()).toEqual([])
  expect(area().hasAttribute('aria-activedescendant')).toBe(false)
})
test('Escape puts the list away for this word, and only the list', async () => {
  await type('@z')
  expect(options()).toHaveLength(1)
  await press('Escape')
  await nextTick()
  expect(options()).toEqual([])
  expect(outside).not.toHaveBeenCalled()
  await type('@zo')
  expect(options()).toEqual([])
  await type('@zo and @b')
  expect(options()).toHaveLength(1)
})
test('a click chooses too; Enter without a list is the form\'s', async () => {
  await type('@b')
  await host.get('[role=option]').trigger('click')
  expect(text.value).toBe('@bob ')
  await press('Enter')
  expect(outside).toHaveBeenCalledOnce()
})
