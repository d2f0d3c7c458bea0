import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { Balancer } from './balancer.js'
import { Database } from './database.js'
import { TandemNode } from './node.js'
import { Postgres, Redis } from './services.js'
import { pick, Tally } from './wait.js'

export interface Programs { tandem: string; faultdb: string }

export interface Wish {
  cluster: boolean // two nodes on PostgreSQL and Redis; or one on SQLite
  nodes?: number
  env?: Record<string, string>
  failpoints?: string[]
}

const files = ['tandem.db', 'tandem.db-wal']

/** Nodes, the services they stand on, and the load balancer before them. */
export class Installation {
  readonly nodes: TandemNode[] = []
  readonly faults = new Tally()
  /** In front of the API, and in front of the sockets. */
  api!: Balancer
  sockets!: Balancer
  db!: Database
  postgres: Postgres | null = null
  redis: Redis | null = null

  private constructor(readonly dir: string, private readonly programs: Programs, private readonly cluster: boolean) {}

  static async start(programs: Programs, wish: Wish): Promise<Installation> {
    const dir = await mkdtemp(join(tmpdir(), 'tandem-faults-'))
    await chmod(dir, 0o755) // PostgreSQL is another user
    const it = new Installation(dir, programs, wish.cluster)
    try {
      await it.up(wish)
    } catch (error) {
      await it.close(true)
      throw error
    }
    return it
  }

  private async up(wish: Wish): Promise<void> {
    const env: Record<string, string> = { TANDEM_DATA_DIR: `${this.dir}/data`, TANDEM_SIGNING_KEY: 'k'.repeat(32), ...wish.env }
    this.db = new Database(this.programs.faultdb, `${this.dir}/data/tandem.db`)
    if (this.cluster) {
      this.postgres = await Postgres.start(this.dir)
      await this.server().exec('CREATE DATABASE tandem')
      this.db = new Database(this.programs.faultdb, this.postgres.url('tandem'))
      this.redis = await Redis.start(this.dir)
      Object.assign(env, { TANDEM_DATABASE_URL: this.db.where, TANDEM_REDIS_URL: this.redis.url })
    }
    for (let i = 0; i < (wish.nodes ?? (this.cluster ? 2 : 1)); i++) {
      this.nodes.push(await TandemNode.start(`node-${i + 1}`, this.programs.tandem, env, wish.failpoints ?? [], this.faults, this.dir))
    }
    const ports = this.nodes.map(node => node.port)
    this.api = await Balancer.listen(ports)
    this.sockets = await Balancer.listen(ports)
  }

  /** The database that databases are made from. */
  private server(): Database { return new Database(this.programs.faultdb, this.postgres!.url('postgres')) }

  private all(what: (node: TandemNode) => Promise<void>): Promise<unknown> { return Promise.all(this.nodes.map(what)) }

  /** Stops the program, copies the database, starts it again. */
  async backUp(): Promise<void> {
    await this.all(node => node.end('SIGTERM', true))
    if (this.cluster) {
      await this.server().exec('DROP DATABASE IF EXISTS backup WITH (FORCE)')
      await this.server().exec('CREATE DATABASE backup TEMPLATE tandem')
    } else {
      await mkdir(`${this.dir}/backup`, { recursive: true })
      for (const file of files) {
        await rm(`${this.dir}/backup/${file}`, { force: true })
        if (existsSync(`${this.dir}/data/${file}`)) await copyFile(`${this.dir}/data/${file}`, `${this.dir}/backup/${file}`)
      }
    }
    await this.all(node => node.resume())
  }

  /** Kills the program and brings the copy back, as another life of the log or as if nothing had happened. */
  async restore(newEpoch: boolean): Promise<void> {
    await this.all(node => node.end('SIGKILL', true))
    this.cut(1)
    if (this.cluster) {
      await this.server().exec('DROP DATABASE tandem WITH (FORCE)')
      await this.server().exec('CREATE DATABASE tandem TEMPLATE backup')
    } else {
      for (const file of [...files, 'tandem.db-shm']) {
        await rm(`${this.dir}/data/${file}`, { force: true })
        if (existsSync(`${this.dir}/backup/${file}`)) await copyFile(`${this.dir}/backup/${file}`, `${this.dir}/data/${file}`)
      }
    }
    if (newEpoch) await this.db.exec(`UPDATE meta SET value = '${randomUUID()}' WHERE key = 'epoch'`)
    await this.all(node => node.resume())
  }

  cut(share: number): void {
    this.api.cut(share)
    this.sockets.cut(share)
  }

  async blackHole(share: number, ms: number): Promise<void> { await Promise.all([this.api.blackHole(share, ms), this.sockets.blackHole(share, ms)]) }

  /** A node gets no more connections and loses those it has, though it lives. */
  async failOver(ms: number): Promise<void> {
    const port = pick(this.nodes).port
    await Promise.all([this.api.failOver(port, ms), this.sockets.failOver(port, ms)])
  }

  get crashes(): string[] { return this.nodes.flatMap(node => node.crashes) }

  /** Ends everything; what was written stays only for those who have to look into it. */
  async close(keep: boolean): Promise<void> {
    this.api?.close()
    this.sockets?.close()
    await this.all(node => node.close())
    await this.redis?.close()
    await this.postgres?.close()
    if (keep) console.log(`  logs are in ${this.dir}`)
    else await rm(this.dir, { recursive: true, force: true })
  }
}
