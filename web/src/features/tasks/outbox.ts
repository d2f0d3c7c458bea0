import type { Kept } from './model'

/**
 * Where writes wait until the server has answered: over reloads, closed tabs and crashes. Sending one again is
 * harmless, because its key makes the server answer as it did the first time.
 */
export interface Box {
  /** Resolves when it is durable. Entries keep the order of their adding. */
  add(kept: Kept): Promise<void>
  /** Passes through all entries in one transaction; what `change` gives takes the entry's place, null removes it. */
  each(change: (kept: Kept) => Kept | null): Promise<void>
}

const NAME = 'tandem'
const STORE = 'outbox'
const PATIENCE = 3000

let box: Promise<Box> | undefined
/** The browser's own store; without one (private windows, a full disk) memory, for as long as the page lives. */
export function openBox(): Promise<Box> {
  return (box ??= open().then(inBrowser).catch(inMemory))
}
/** For tests. */
export function useBox(other: Box): void {
  box = Promise.resolve(other)
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1)
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE, { autoIncrement: true })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('no database'))
    // Browsers have been seen that never answer; no write shall wait for that.
    setTimeout(() => reject(new Error('no answer')), PATIENCE)
  })
}

function inBrowser(db: IDBDatabase): Box {
  const spare = inMemory()
  db.onversionchange = () => db.close() // a newer page in another tab needs other stores
  function write(work: (store: IDBObjectStore) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const tx = db.transaction(STORE, 'readwrite')
      tx.oncomplete = () => resolve()
      tx.onerror = tx.onabort = () => reject(tx.error ?? new Error('aborted'))
      work(tx.objectStore(STORE))
    })
  }
  return {
    add: kept => write(store => void store.add(kept)).catch(() => spare.add(kept)),
    async each(change) {
      await spare.each(change)
      await write(store => {
        store.openCursor().onsuccess = event => {
          const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result
          if (!cursor) return
          const old = cursor.value as Kept
          const next = change(old)
          if (!next) cursor.delete()
          else if (next !== old) cursor.update(next)
          cursor.continue()
        }
      }).catch(() => undefined)
    },
  }
}

export function inMemory(): Box {
  let all: Kept[] = []
  return {
    add: async kept => void all.push(structuredClone(kept)),
    each: async change => { all = all.map(change).filter(kept => kept !== null) },
  }
}
