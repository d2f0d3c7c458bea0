import { shallowRef } from 'vue'

/** The task whose title is being edited in its place. */
export const renaming = shallowRef<string | null>(null)
