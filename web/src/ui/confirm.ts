import { shallowRef } from 'vue'

export interface Question { title: string; text?: string; /** Says what happens: "Delete project". */ action: string; danger?: boolean; /** Has to be typed first. */ typed?: string }
interface Asked extends Question { answer: (yes: boolean) => void }

export const asked = shallowRef<Asked | null>(null)

/** `if (await confirm({ title: 'Delete “Web”?', action: 'Delete project', danger: true })) …` */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false)
  return new Promise(resolve => {
    asked.value = {
      ...question,
      answer: yes => {
        asked.value = null
        resolve(yes)
      },
    }
  })
}
