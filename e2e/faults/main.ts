import { join } from 'node:path'
import { control } from './control.js'
import { Herd } from './herd.js'
import type { Programs } from './installation.js'
import { Run } from './run.js'

// node main.js [--seconds=N] [--clients=N] [--rate=N] [--herd=N] [--soak] [--only=sqlite|postgres|controls|herd]
const given = new Map(process.argv.slice(2).map(arg => {
  const [name = '', value = 'true'] = arg.replace(/^--/, '').split('=')
  return [name, value] as const
}))
const number = (name: string, otherwise: number): number => Number(given.get(name) ?? otherwise)
const soak = given.has('soak')
const only = given.get('only')
const wanted = (part: string): boolean => only === undefined || only === part
const bin = process.env.TANDEM_FAULTS_BIN ?? join(import.meta.dirname, '../../../bin/faults')
const programs: Programs = { tandem: join(bin, 'tandem'), faultdb: join(bin, 'faultdb') }

process.on('unhandledRejection', error => {
  console.error('faults:', error)
  process.exit(1)
})

let good = true
let deliveries = 0
for (const cluster of [false, true]) {
  if (!wanted(cluster ? 'postgres' : 'sqlite')) continue
  const run = await Run.of({ programs, cluster, seconds: number('seconds', 20), clients: number('clients', 36), rate: number('rate', 40), soak })
  console.log(run.report())
  good &&= run.good
  deliveries += run.deliveries
}
if (wanted('controls')) {
  for (const [kind, cluster] of [['publish', false], ['publish', true], ['serial', true]] as const) {
    const { name, faults, deliveries, lost, duplicated, outOfOrder } = await control(programs, kind, cluster, number('control-seconds', 6))
    const found = lost + duplicated + outOfOrder > 0
    console.log(`## Negative control: ${name}\n  faults: ${faults}\n  deliveries ${deliveries}, lost ${lost}, duplicated ${duplicated}, out of order ${outOfOrder}: ${found ? 'found failing, as it must be' : 'WRONG: this test did not find it'}`)
    good &&= found
  }
}
if (wanted('herd')) {
  const { text, good: back } = await Herd.run(programs, number('herd', 2000))
  console.log(text)
  good &&= back
}
console.log(`${deliveries} deliveries under faults: ${good ? 'all as it should be' : 'FAILED'}`)
process.exit(good ? 0 : 1)
