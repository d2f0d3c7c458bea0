import type { Router } from 'vue-router'
import { onClick, onFocus, onMouseDown } from '@/features/selection/clicks'
import { clearSelection } from '@/features/selection/selection'
import { commands } from './catalogue'
import { globalCommands } from './global'
import { onKey } from './keyboard'
import { addCommands, shortcuts } from './registry'
import { taskCommands } from './tasks'

// Comes when the first page stands: from then on the keyboard works, and tooltips name the keys.

let started = false
export function startCommands(router: Router): void {
  if (started) return
  started = true
  shortcuts.value = Object.fromEntries(commands.flatMap(([id, { keys }]) => (keys?.[0] ? [[id, keys[0]]] : [])))
  addCommands(globalCommands(router), true)
  addCommands(taskCommands, true)
  window.addEventListener('keydown', onKey)
  document.addEventListener('click', onClick, true)
  document.addEventListener('mousedown', onMouseDown, true)
  document.addEventListener('focusin', onFocus)
  // Another page, another selection; a task that opens over the page is none.
  router.afterEach((to, from) => { if (to.matched.at(-1) !== from.matched.at(-1) || to.params.projectId !== from.params.projectId) clearSelection() })
}
