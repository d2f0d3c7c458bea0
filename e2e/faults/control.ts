import { Client } from './client.js'
import { Follower } from './follower.js'
import { Installation, type Programs } from './installation.js'
import { pick, random, sleep, Tally } from './wait.js'
import { fill, people, team } from './world.js'
import { Writers } from './writers.js'

export interface Outcome { name: string; deliveries: number; lost: number; duplicated: number; outOfOrder: number; faults: string }

/**
 * A way of delivery that is known to be wrong, which this test must find. Its followers take what the channel
 * brings, and read a snapshot when they are told to; nothing else tells them of a change.
 */
export async function control(programs: Programs, kind: 'publish' | 'serial', cluster: boolean, seconds: number): Promise<Outcome> {
  const it = await Installation.start(programs, {
    cluster: cluster || kind === 'serial', nodes: kind === 'serial' ? 1 : undefined, env: { TANDEM_CONTROL: kind },
    failpoints: kind === 'publish' ? ['after-commit=0.005'] : [],
  })
  const everyone = await people(() => it.api.port, 'p', 6)
  const teams = [await team(everyone, 'One'), await team(everyone, 'Two'), await team(everyone, 'Three')]
  const writers = new Writers(teams, new Tally())
  await fill(writers, teams, 10)
  const clients = Array.from({ length: 9 }, (_, i) => new Client(it.sockets.port, new Follower(`client ${i}`, everyone[i % 6]!, teams[i % 3]!, false), new Tally(), kind))
  await Promise.all(clients.map(client => client.start()))
  await sleep(1000)
  writers.start(24, kind === 'serial' ? 0 : 150)
  const end = Date.now() + seconds * 1000
  while (Date.now() < end) {
    await sleep(random(500, 1500))
    if (kind !== 'publish') continue // every other fault would only hide what is wrong with it
    it.faults.add('cut connections')
    it.cut(random(0.2, 0.7))
    if (Math.random() < 0.5) continue
    it.faults.add('kill -9')
    await pick(it.nodes).end('SIGKILL')
  }
  await writers.pause()
  await sleep(3000) // more than enough for what is on its way
  const outcome: Outcome = { name: `${kind}, ${it.postgres ? 'PostgreSQL' : 'SQLite'}`, deliveries: 0, lost: 0, duplicated: 0, outOfOrder: 0, faults: String(it.faults) }
  const heads = new Map(await it.db.query<[string, number]>('SELECT id, seq FROM streams'))
  for (const { follower: { ledger, place } } of clients) {
    outcome.deliveries += ledger.delivered
    outcome.lost += ledger.lostSoFar + Math.max(0, heads.get(place.team)! - ledger.own)
    outcome.duplicated += ledger.duplicated
    outcome.outOfOrder += ledger.outOfOrder
  }
  for (const client of clients) client.close()
  await writers.stop()
  await it.close(false)
  for (const person of everyone) person.close()
  return outcome
}
