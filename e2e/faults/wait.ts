import { createServer } from 'node:net'
import { once } from 'node:events'

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
export const random = (from: number, to: number): number => from + Math.random() * (to - from)
export const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T

/** Full jitter: anything up to a bound that doubles with each try. */
export const backoff = (tries: number, base: number, most: number): number => Math.random() * Math.min(most, base * 2 ** Math.min(tries, 20))

/** Waits until a condition holds; `what` is said when it does not in time. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, within = 60_000): Promise<void> {
  const end = Date.now() + within
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`not within ${within / 1000} s: ${what}`)
    await sleep(50)
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (!address || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Counts by name. */
export class Tally {
  readonly of = new Map<string, number>()
  add(name: string, n = 1): void { this.of.set(name, (this.of.get(name) ?? 0) + n) }
  get(name: string): number { return this.of.get(name) ?? 0 }
  toString(): string { return [...this.of].sort().map(([name, n]) => `${name} ${n}`).join(', ') || 'none' }
}
