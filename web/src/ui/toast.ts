import { shallowRef } from 'vue'

export interface ToastAction { label: string; run: () => void }
export interface Toast { id: number; text: string; kind: 'info' | 'success' | 'error'; action?: ToastAction; timeout: number }
export interface ToastOptions { kind?: Toast['kind']; action?: ToastAction; /** Milliseconds; 0 stays until closed. */ timeout?: number }

const MOST = 4
let last = 0
export const toasts = shallowRef<Toast[]>([])

function show(text: string, options: ToastOptions = {}): number {
  const kind = options.kind ?? 'info'
  const timeout = options.timeout ?? (options.action ? 10_000 : kind === 'error' ? 9000 : 4500)
  const made: Toast = { id: ++last, text, kind, timeout, ...(options.action && { action: options.action }) }
  toasts.value = [...toasts.value.filter(t => t.text !== text), made].slice(-MOST)
  return made.id
}
function close(id: number): void {
  toasts.value = toasts.value.filter(t => t.id !== id)
}
const api = {
  show,
  close,
  success: (text: string, options: Omit<ToastOptions, 'kind'> = {}) => show(text, { ...options, kind: 'success' }),
  error: (text: string, options: Omit<ToastOptions, 'kind'> = {}) => show(text, { ...options, kind: 'error' }),
}

/** Short messages at the edge of the screen; ui/ToastHost.vue shows and speaks them. */
export function useToast(): typeof api {
  return api
}
