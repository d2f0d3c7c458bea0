import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h, nextTick, ref } from 'vue'
import Combobox from './Combobox.vue'
import { matching } from './combobox'
import Dialog from './Dialog.vue'
import { topDialog } from './dialogs'
import Field from './Field.vue'
import Input from './Input.vue'
import Menu from './Menu.vue'
import ToastHost from './ToastHost.vue'
import { toasts, useToast } from './toast'

vi.mock('vue-router', () => ({ useRouter: () => ({ push: vi.fn() }), RouterLink: 'a' }))
const trigger = ({ toggle, attrs }: { toggle: () => void; attrs: Record<string, unknown> }) => h('button', { ...attrs, class: 'trigger', onClick: toggle }, 'Open')
const press = (el: Element, key: string): boolean => el.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
const settle = async (): Promise<void> => { await vi.dynamicImportSettled(); await new Promise(resolve => setTimeout(resolve)) }

beforeEach(() => { HTMLElement.prototype.showPopover ??= () => undefined })
afterEach(() => { document.body.innerHTML = ''; toasts.value = [] })

test('a field ties label, hint and error to its control', () => {
  const it = mount(() => h(Field, { label: 'Name', error: 'Too short.', hint: 'Any name.' }, () => h(Input, { modelValue: 'x' })))
  const input = it.get('input')
  expect(it.get('label').attributes('for')).toBe(input.attributes('id'))
  expect(input.attributes('aria-invalid')).toBe('true')
  const texts = input.attributes('aria-describedby')!.split(' ').map(id => it.get(`[id="${id}"]`).text())
  expect(texts).toEqual(['Too short.', 'Any name.'])
})

test('a menu opens on its first line, moves with the arrows, and gives the focus back', async () => {
  const run = vi.fn()
  const it = mount(Menu, { attachTo: document.body, props: { label: 'More', items: [{ label: 'Copy' }, null, { label: 'Delete', run }] }, slots: { trigger } })
  await it.get('.trigger').trigger('click')
  await settle()
  expect(it.get('.trigger').attributes('aria-expanded')).toBe('true')
  expect(document.activeElement!.textContent).toContain('Copy')
  press(document.activeElement!, 'ArrowDown')
  expect(document.activeElement!.textContent).toContain('Delete')
  press(document.activeElement!, 'c')
  expect(document.activeElement!.textContent).toContain('Copy')
  press(document.activeElement!, 'End')
  ;(document.activeElement as HTMLElement).click()
  await settle()
  expect(run).toHaveBeenCalledTimes(1)
  expect(it.find('[role=menu]').exists()).toBe(false)
  expect(document.activeElement!.className).toBe('trigger')
})
test('Escape closes a menu and nothing around it', async () => {
  const it = mount(Menu, { attachTo: document.body, props: { label: 'More', items: [{ label: 'Copy' }] }, slots: { trigger } })
  await it.get('.trigger').trigger('click')
  await settle()
  const event = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true })
  document.activeElement!.dispatchEvent(event)
  await settle()
  expect(event.defaultPrevented).toBe(true)
  expect(it.find('[role=menu]').exists()).toBe(false)
})

const OPTIONS = [{ value: null, label: 'Nobody' }, { value: 'a', label: 'Ann Lee', hint: '@ann' }, { value: 'b', label: 'Zoë Marsh' }]
test('options are found by any word, without accents, and hints count', () => {
  expect(matching(OPTIONS, 'zoe').map(o => o.value)).toEqual(['b'])
  expect(matching(OPTIONS, 'lee @an').map(o => o.value)).toEqual(['a'])
  expect(matching(OPTIONS, '')).toHaveLength(3)
})
test('a combobox chooses with the keyboard and closes', async () => {
  const value = ref<string | null>(null)
  const it = mount(defineComponent(() => () => h(Combobox<string | null>, { 'options': OPTIONS, 'label': 'Assignee', 'modelValue': value.value, 'onUpdate:modelValue': (v?: string | null) => { value.value = v ?? null } }, { trigger })), { attachTo: document.body })
  await it.get('.trigger').trigger('click')
  await settle()
  const input = it.get('input')
  expect(document.activeElement).toBe(input.element)
  await input.setValue('mar')
  expect(it.findAll('[role=option]').map(o => o.text())).toEqual(['Zoë Marsh'])
  press(input.element, 'Enter')
  await settle()
  expect(value.value).toBe('b')
  expect(it.find('[role=listbox]').exists()).toBe(false)
})
test('with several values it stays open, and offers to create what is missing', async () => {
  const values = ref<readonly (string | null)[]>(['a'])
  const create = vi.fn()
  const it = mount(defineComponent(() => () => h(Combobox<string | null>, { 'options': OPTIONS, 'label': 'Labels', 'creatable': 'Create label', 'values': values.value, 'onUpdate:values': (v?: readonly (string | null)[]) => { values.value = v ?? [] }, 'onCreate': create }, { trigger })), { attachTo: document.body })
  await it.get('.trigger').trigger('click')
  await settle()
  await it.findAll('[role=option]')[2]!.trigger('click')
  expect(values.value).toEqual(['a', 'b'])
  await it.findAll('[role=option]')[1]!.trigger('click')
  expect(values.value).toEqual(['b'])
  await it.get('input').setValue('Fresh')
  press(it.get('input').element, 'Enter')
  expect(create).toHaveBeenCalledWith('Fresh')
})

test('a dialog asks its owner to close it, and toasts move into the uppermost one', async () => {
  const it = mount(Dialog, { attachTo: document.body, props: { title: 'Edit' }, slots: { default: () => 'Body' } })
  await settle()
  const dialog = it.get('dialog').element
  expect(dialog.open).toBe(true)
  expect(topDialog.value).toBe(dialog)
  dialog.dispatchEvent(new Event('cancel', { cancelable: true }))
  expect(it.emitted('close')).toHaveLength(1)
  expect(dialog.open).toBe(true)
  const host = mount(ToastHost, { attachTo: document.body })
  useToast().show('Moved', { action: { label: 'Undo', run: () => undefined } })
  await settle()
  expect(dialog.textContent).toContain('Undo')
  host.unmount()
  it.unmount()
  expect(topDialog.value).toBeNull()
})
test("a toast's action runs once and takes it away; time stands still under the pointer", async () => {
  vi.useFakeTimers()
  const run = vi.fn()
  const host = mount(ToastHost, { attachTo: document.body })
  useToast().show('Deleted', { action: { label: 'Undo', run } })
  await nextTick()
  const region = document.querySelector('[role=region]')!
  region.dispatchEvent(new Event('pointerenter'))
  await nextTick()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(toasts.value).toHaveLength(1)
  ;[...region.querySelectorAll('button')].find(b => b.textContent === 'Undo')!.click()
  expect(run).toHaveBeenCalledTimes(1)
  expect(toasts.value).toEqual([])
  host.unmount()
  vi.useRealTimers()
})
