/** A short key out of a name: "Web Shop" → "WS", "Backend" → "BACK". */
export function suggestKey(name: string): string {
  const words = name.normalize('NFD').replace(/\p{M}/gu, '').toUpperCase().split(/[^A-Z0-9]+/).filter(Boolean)
  const key = words.length > 1 ? words.map(w => w[0]).join('').slice(0, 5) : (words[0] ?? '').slice(0, 4)
  return /^[A-Z]/.test(key) ? key : key && `P${key}`
}
