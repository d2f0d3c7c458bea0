import type { Board } from '@/api'

let held: Board | null = null

/** Keeps the board that came with the page until the page that shows it takes it. */
export function holdSnapshot(board: Board): void {
  held = board
}
/** Once: later visits read the board anew. */
export function takeSnapshot(projectId: string): Board | undefined {
  const board = held?.project.id === projectId ? held : undefined
  held = null
  return board
}
