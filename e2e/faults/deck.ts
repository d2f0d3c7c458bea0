import type { Run } from './run.js'
import { pick, random, sleep } from './wait.js'

export interface Deed { name: string; act(): Promise<void> }

/** Every fault once, in some order. Those at named places of the program (before the commit, after it, in mid-dispatch) come by themselves. */
export function deck(run: Run): Deed[] {
  const { it, settings: { soak } } = run
  const long = (short: number, most: number): number => (soak ? random(short, most) : short)
  const deeds: Deed[] = [
    { name: 'kill -9', act: () => pick(it.nodes).end('SIGKILL') },
    { name: 'SIGTERM', act: () => pick(it.nodes).end('SIGTERM') },
    { name: 'cut connections', act: async () => it.cut(random(0.2, 1)) },
    { name: 'black hole', act: () => it.blackHole(0.3, long(1500, 30_000)) },
    { name: 'stalled readers', act: () => run.stall(long(1500, 25_000)) },
    { name: 'fail over', act: () => it.failOver(long(500, 5000)) },
    { name: 'prune', act: () => run.prune() },
    { name: 'prune of those away', act: () => pruneAway(run) },
    { name: 'restore, new epoch', act: () => run.restore(true) },
    { name: 'restore, same epoch', act: () => run.restore(false) },
  ]
  const { redis, postgres } = it
  if (redis) {
    deeds.push(
      { name: 'kill Redis', act: () => redis.kill(long(300, 5000)) },
      { name: 'flush Redis', act: () => redis.flush() },
      { name: 'stall Redis', act: () => redis.stall(long(1500, 8000)) },
    )
  }
  if (postgres) {
    deeds.push(
      { name: 'stop PostgreSQL', act: () => postgres.crash(long(300, 5000)) },
      { name: 'kill a PostgreSQL process', act: () => postgres.killBackend() },
    )
  }
  return deeds.sort(() => Math.random() - 0.5)
}

/** Prunes what some, who are in a black hole, have not heard: they have to read the snapshot. */
async function pruneAway(run: Run): Promise<void> {
  const hole = run.it.blackHole(0.3, 4500)
  await sleep(4000)
  run.wrong.push(...await run.truth.read())
  await run.it.db.prune(1)
  await hole
}
