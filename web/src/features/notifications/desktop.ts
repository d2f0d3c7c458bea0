import { ref } from 'vue'
import type { Notification as Item, Preferences } from '@/api'
import { get } from '@/api/client'
import { drop, load, save } from '@/lib/storage'
import { links, pathOf } from './links'

// Notices of the operating system, on this device only, and only while no page of Tandem is looked at.
const KEY = 'desktop'
const YEAR = 365 * 86_400_000
export type Permission = 'unsupported' | 'off' | 'on' | 'denied'

function current(): Permission {
  if (!('Notification' in window) || !window.isSecureContext) return 'unsupported'
  if (Notification.permission === 'denied') return 'denied'
  return Notification.permission === 'granted' && load<boolean>(KEY) ? 'on' : 'off'
}
export const permission = ref<Permission>(current())

/** To be called from a click: the browser asks the person. */
export async function turnOn(): Promise<void> {
  if ((await Notification.requestPermission()) === 'granted') save(KEY, true, YEAR)
  permission.value = current()
}
export function turnOff(): void {
  drop(KEY)
  permission.value = current()
}

/** Whether `now` (minutes since midnight) lies in the quiet hours, which may reach over midnight. */
export function isQuiet({ quiet_from: from, quiet_to: to }: Pick<Preferences, 'quiet_from' | 'quiet_to'>, now: number): boolean {
  if (!from || !to || from === to) return false
  const [begin, end] = [minutes(from), minutes(to)]
  return begin < end ? now >= begin && now < end : now >= begin || now < end
}
const minutes = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))
export function minutesIn(zone: string, at = new Date()): number {
  return minutes(new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).format(at))
}

/** A visible page of any tab holds this lock. */
const LOCK = 'tandem-visible'
let release: (() => void) | null = null
function onVisibility(): void {
  if (document.visibilityState === 'visible' && !release) void navigator.locks?.request(LOCK, { mode: 'shared' }, () => new Promise<void>(resolve => (release = resolve)))
  else if (document.visibilityState !== 'visible') {
    release?.()
    release = null
  }
}
document.addEventListener('visibilitychange', onVisibility)
onVisibility()
async function looked(): Promise<boolean> {
  if (document.visibilityState === 'visible') return true
  return Boolean((await navigator.locks?.query())?.held?.some(lock => lock.name === LOCK))
}

export async function show(item: Item): Promise<void> {
  if (current() !== 'on' || (await looked())) return
  const preferences = await get<Preferences>('/me/notification-preferences').catch(() => null)
  if (preferences && isQuiet(preferences, minutesIn(preferences.timezone))) return
  try {
    // Of the same tag there is one, however many tabs are open.
    const notice = new Notification(item.title, { body: item.message, tag: item.id, icon: '/favicon.svg' })
    notice.onclick = () => {
      notice.close()
      window.focus()
      void open(item)
    }
  } catch {
    // Phones show none from a page.
  }
}
async function open(item: Item): Promise<void> {
  links.open(pathOf(item.link))
  const store = (await import('./store')).useNotifications()
  store.accept([item])
  await store.read([item.id])
}
