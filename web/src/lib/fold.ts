// Texts as the server's search compares them (internal/tasks/search.go): lower case, no diacritics, nothing but letters and digits.

const LETTERS: Record<string, string> = { ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ß: 'ss', æ: 'ae', œ: 'oe', ı: 'i', ħ: 'h', ŋ: 'n', ŧ: 't', ς: 'σ' }

export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{Mn}/gu, '').toLowerCase().replace(/[øłđðþßæœıħŋŧς]/g, letter => LETTERS[letter]!).replace(/[^\p{L}\p{Nd}]+/gu, ' ').trim()
}
/** Whether each word begins a word of a text; both are folded. */
export const hasWords = (text: string, words: readonly string[]): boolean => words.every(word => text.startsWith(word) || text.includes(` ${word}`))
