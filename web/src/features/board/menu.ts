import { shallowRef } from 'vue'
import type { useTaskMenu } from '@/features/tasks/menu'

/** What the menus of all cards are made by; not part of the first paint. */
export const menu = shallowRef<ReturnType<typeof useTaskMenu> | null>(null)
export async function loadMenu(): Promise<void> {
  menu.value ??= (await import('@/features/tasks/menu')).useTaskMenu()
}
