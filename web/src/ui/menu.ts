import type { RouteLocationRaw } from 'vue-router'
import type { Color } from '@/api/types'
import type { IconName } from './icons'

/** One line of a menu; a string is a heading, null a line between groups. */
export interface MenuItem {
  label: string
  icon?: IconName
  color?: Color
  hint?: string
  /** As in lib/keys; shown only. */
  shortcut?: string | undefined
  danger?: boolean
  disabled?: boolean
  /** Makes it a choice: a tick stands before the chosen one. */
  checked?: boolean
  to?: RouteLocationRaw
  run?: () => void
}
export type MenuEntry = MenuItem | string | null
