// How many bytes the cold board route loads, brotli, its HTML apart. Fails beyond the budget and names what grew against
// build/budget.json, which `npm run budget -- --update` writes anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const BUDGET = 100 * 1024
const dist = join(import.meta.dirname, '..', 'dist')
const held = join(import.meta.dirname, 'budget.json')
const ROUTE = ['index.html', 'src/features/project/ProjectPage.vue', 'src/features/board/BoardPage.vue']

const manifest = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8'))
const seen = new Set()
const files = new Set()
function add(key) {
  if (seen.has(key)) return
  seen.add(key)
  const chunk = manifest[key]
  if (!chunk) throw new Error(`${key} is not in Vite's manifest`)
  for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file)
  for (const other of chunk.imports ?? []) add(other)
}
ROUTE.forEach(add)

/** Without the hash: the same part in every build. */
const part = file => file.replace(/^assets\//, '').replace(/-[\w-]{8}\./, '.')
const sizes = {}
for (const file of files) sizes[part(file)] = (sizes[part(file)] ?? 0) + readFileSync(join(dist, `${file}.br`)).length
const total = Object.values(sizes).reduce((sum, n) => sum + n, 0)
const kb = n => `${(n / 1024).toFixed(1)} KB`

if (process.argv.includes('--update')) writeFileSync(held, `${JSON.stringify(sizes, null, 2)}\n`)
const before = JSON.parse(readFileSync(held, 'utf8'))
const grown = Object.entries(sizes).map(([name, n]) => [name, n - (before[name] ?? 0)]).filter(([, by]) => by > 0).sort((a, b) => b[1] - a[1])
console.log(`cold board route: ${kb(total)} of at most ${kb(BUDGET)}`)
for (const [name, n] of Object.entries(sizes)) console.log(`  ${name}: ${kb(n)}`)
if (total > BUDGET) {
  console.error(`The board's first load is over its budget. What grew: ${grown.map(([name, by]) => `${name} by ${kb(by)}`).join(', ') || 'nothing since the baseline'}.`)
  process.exit(1)
}
