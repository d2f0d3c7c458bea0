// What a person typed and has not sent survives a reload. Every entry has an expiry, so nothing piles up.

interface Entry { value: unknown; expires: number }
const PREFIX = 'tandem:'
const WEEK = 7 * 86_400_000

export function save(key: string, value: unknown, ttl = WEEK): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify({ value, expires: Date.now() + ttl } satisfies Entry))
  } catch {
    // Storage is full or forbidden: the draft lives as long as the page.
  }
}
export function load<T>(key: string): T | undefined {
  try {
    const entry = JSON.parse(localStorage.getItem(PREFIX + key) ?? 'null') as Entry | null
    if (entry && entry.expires > Date.now()) return entry.value as T
    if (entry) drop(key)
  } catch {
    drop(key)
  }
  return undefined
}
export function drop(key: string): void {
  try {
    localStorage.removeItem(PREFIX + key)
  } catch {
    // As above.
  }
}
export function keys(prefix: string): string[] {
  try {
    return Object.keys(localStorage).filter(k => k.startsWith(PREFIX + prefix)).map(k => k.slice(PREFIX.length))
  } catch {
    return []
  }
}
/** Removes expired entries, or all (at logout: the next person at this computer shall not read them). */
export function sweep(all = false): void {
  for (const key of keys('')) {
    if (all) drop(key)
    else load(key)
  }
}
