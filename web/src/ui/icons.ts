import { shallowRef } from 'vue'
import type { LATER } from './icons-later'

// One stroke width, 24 x 24. Each icon is a list of path data: no markup, so nothing to sanitise.
// These are on the first page; the others are in icons-later.ts, which the pages that use them bring along.
const FIRST = {
  'alert': 'M12 8v5M12 16.5v.01M10.3 3.9 2.4 17.5A2 2 0 0 0 4.1 20.5h15.8a2 2 0 0 0 1.7-3L13.7 3.9a2 2 0 0 0-3.4 0z',
  'archive': 'M3 4.5h18v4H3zM5 8.5V18a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.5M10 12.5h4',
  'bell': 'M6 9a6 6 0 0 1 12 0c0 5.5 2.2 7.2 2.2 7.2H3.8S6 14.5 6 9M10 19.5a2.2 2.2 0 0 0 4 0',
  'bell-off': 'M4 4l16 16M8.6 4.1A6 6 0 0 1 18 9c0 1.9.3 3.4.7 4.5M16.5 16.2H3.8S6 14.5 6 9c0-.6.1-1.2.3-1.8M10 19.5a2.2 2.2 0 0 0 4 0',
  'board': 'M4.5 4h4v16h-4zM10 4h4v11h-4zM15.5 4h4v7h-4z',
  'calendar': 'M5 5.5h14a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 19V7A1.5 1.5 0 0 1 5 5.5zM3.5 10h17M8 3v4M16 3v4',
  'check': 'M5 12.5l4.5 4.5L19.5 7',
  'chevron-down': 'M6 9l6 6 6-6',
  'chevrons-up-down': 'M8 9.5l4-4 4 4M8 14.5l4 4 4-4',
  'dots': 'M5 12h.01M12 12h.01M19 12h.01',
  'folder': 'M3.5 6.5A1.5 1.5 0 0 1 5 5h4l2 2.5h8A1.5 1.5 0 0 1 20.5 9v8.5A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5z',
  'inbox': 'M3.5 13h5l1.5 3h4l1.5-3h5M6.5 5h11l3 8v4.5A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5V13z',
  'info': 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5M12 8v.01',
  'list': 'M8.5 6.5h12M8.5 12h12M8.5 17.5h12M4 6.5h.01M4 12h.01M4 17.5h.01',
  'loader': 'M12 3.5a8.5 8.5 0 1 0 8.5 8.5',
  'message': 'M4 6a1.5 1.5 0 0 1 1.5-1.5h13A1.5 1.5 0 0 1 20 6v9a1.5 1.5 0 0 1-1.5 1.5H10l-4.5 4v-4A1.5 1.5 0 0 1 4 15z',
  'panel': 'M5 4.5h14A1.5 1.5 0 0 1 20.5 6v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18V6A1.5 1.5 0 0 1 5 4.5zM9.5 4.5v15',
  'plus': 'M12 5v14M5 12h14',
  'search': 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20.5 20.5',
  'user': 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c.7-4 3.7-6 7.5-6s6.8 2 7.5 6',
  'users': 'M9 4.5a3.75 3.75 0 1 0 0 7.5 3.75 3.75 0 0 0 0-7.5zM2 20c.6-3.7 3.4-5.5 7-5.5s6.4 1.8 7 5.5M15.5 4.9a3.7 3.7 0 0 1 0 6.7M18 14.8c2.2.7 3.6 2.5 4 5.2',
  'wifi-off': 'M4 4l16 16M2.5 9.5a14 14 0 0 1 4-2.7M10.5 5.6a14 14 0 0 1 11 3.9M6 13a9 9 0 0 1 4-2.3M14.5 11.2A9 9 0 0 1 18 13M9.3 16.5a4.5 4.5 0 0 1 5.4 0M12 20v.01',
  'x': 'M6 6l12 12M18 6 6 18',
} as const
export type IconName = keyof typeof FIRST | keyof typeof LATER

/** Filled by icons-later.ts. */
export const later = shallowRef<Partial<Record<string, string>>>({})
let asked = false

/** What to draw; nothing yet while it is on its way. */
export function drawing(name: IconName): string | undefined {
  const path = (FIRST as Partial<Record<string, string>>)[name] ?? later.value[name]
  if (!path && !asked) {
    asked = true
    void import('./icons-later').catch(() => { asked = false })
  }
  return path
}
