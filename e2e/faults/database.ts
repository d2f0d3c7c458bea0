import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Tandem's database, seen beside the program. */
export class Database {
  /** `where` is the path of the SQLite file or the address of the PostgreSQL database. */
  constructor(private readonly faultdb: string, readonly where: string) {}

  async query<T extends unknown[]>(sql: string, ...args: string[]): Promise<T[]> {
    const { stdout } = await run(this.faultdb, [this.where, 'query', sql, ...args], { maxBuffer: 1 << 30 })
    return stdout.split('\n').filter(Boolean).map(line => JSON.parse(line) as T)
  }

  async exec(sql: string): Promise<void> { await run(this.faultdb, [this.where, 'exec', sql]) }

  /** Drops what is neither among the last `keep` rows of its stream nor younger than two seconds, so that nothing goes that nobody has seen. */
  async prune(keep: number): Promise<number> {
    const { stdout } = await run(this.faultdb, [this.where, 'prune', String(keep), '2s'])
    return (JSON.parse(stdout) as [number])[0]
  }
}
