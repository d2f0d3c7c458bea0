import { readonly, ref } from 'vue'

const text = ref('')
/** What the live region says; ui/LiveRegion.vue shows it to screen readers. */
export const announcement = readonly(text)

/** Says something to people who cannot see the change. */
export function announce(message: string): void {
  // The same words twice are spoken twice only when the text differs.
  text.value = text.value === message ? `${message}\u00a0` : message
}
