import { taskView } from '@/features/selection/view'

/** Asks in the palette what a menu's line is about, for one task. */
export async function pick(which: 'move' | 'assign' | 'priority' | 'labels' | 'due', id: string): Promise<void> {
  const [{ pickers }, { openPalette }] = await Promise.all([import('./pickers'), import('./palette')])
  const step = pickers([id])?.[which]()
  if (step) openPalette({ ...step, after: () => setTimeout(() => taskView()?.focus(id)) })
}
