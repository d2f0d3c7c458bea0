import { ref } from 'vue'

/** The list of all shortcuts is open. */
export const helping = ref(false)
/** A new task is being written, away from a board. */
export const creating = ref(false)
