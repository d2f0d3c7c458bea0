import { onScopeDispose, shallowReactive, shallowRef } from 'vue'
import type { CommandId } from './catalogue'

// Who carries a command out. The catalogue of all of them, with keys and names, comes after the first paint.

export interface Handler {
  run: () => void
  /** Whether it can be done now. Without it: as long as the handler is there. */
  when?: () => boolean
}
export type Handlers = Partial<Record<CommandId, Handler | (() => void)>>

const layers = shallowReactive<Handlers[]>([])

/** Until the result is called, these carry the commands out. The newest that can goes first; `below` all: what every page has. */
export function addCommands(handlers: Handlers, below = false): () => void {
  if (below) layers.unshift(handlers)
  else layers.push(handlers)
  return () => {
    const at = layers.indexOf(handlers)
    if (at >= 0) layers.splice(at, 1)
  }
}
/** For as long as the component lives. */
export function useCommands(handlers: Handlers): void {
  onScopeDispose(addCommands(handlers))
}

/** What would carry it out now. */
export function handlerOf(id: CommandId): (() => void) | undefined {
  for (let at = layers.length - 1; at >= 0; at--) {
    const handler = layers[at]![id]
    if (typeof handler === 'function') return handler
    if (handler && (handler.when?.() ?? true)) return handler.run
  }
  return undefined
}
export function runCommand(id: CommandId): void {
  handlerOf(id)?.()
}

/** The shown key of each command, for tooltips; known once the catalogue is. */
export const shortcuts = shallowRef<Partial<Record<CommandId, string>>>({})
