/** Runs when the browser has nothing better to do, and at the latest after two seconds. */
export const whenIdle = (work: () => void): void => void ('requestIdleCallback' in window ? requestIdleCallback(work, { timeout: 2000 }) : setTimeout(work, 300))

let last = Promise.resolve()
/** One's turn among those who wait: each after the other, when idle, so that a click comes in between. */
export const turn = (): Promise<void> => (last = last.then(() => new Promise(resolve => { whenIdle(resolve) })))
