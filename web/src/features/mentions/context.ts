import { inject, provide, shallowRef, type InjectionKey, type ShallowRef } from 'vue'

/** Who can be mentioned in what is written below, and who of them first. */
export interface MentionContext { teamId: () => string; /** Ids of those with a stake in the task. */ onTask: () => readonly string[]; commenters: ShallowRef<readonly string[]> }
const KEY: InjectionKey<MentionContext> = Symbol('mentions')

export function provideMentions(of: Omit<MentionContext, 'commenters'>): void {
  provide(KEY, { ...of, commenters: shallowRef([]) })
}
export const useMentionContext = (): MentionContext | null => inject(KEY, null)
