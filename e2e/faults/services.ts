import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, chown, readdir, readFile, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { freePort, sleep, until } from './wait.js'

const run = promisify(execFile)

/** A PostgreSQL of our own, to be killed. Commits are durable against a crash of its processes. */
export class Postgres {
  private constructor(private readonly bin: string, private readonly dir: string, private readonly port: number) {}

  static async start(dir: string): Promise<Postgres> {
    const versions = (await readdir('/usr/lib/postgresql')).sort((a, b) => Number(a) - Number(b))
    const pg = new Postgres(`/usr/lib/postgresql/${versions.at(-1)}/bin`, `${dir}/pg`, await freePort())
    await mkdir(pg.dir, { mode: 0o700 })
    if (process.getuid?.() === 0) {
      const ids = await Promise.all(['-u', '-g'].map(async flag => Number((await run('id', [flag, 'postgres'])).stdout)))
      await chown(pg.dir, ids[0]!, ids[1]!)
    }
    await pg.as('initdb', '-D', `${pg.dir}/data`, '-U', 'tandem', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions')
    await pg.ctl('start')
    return pg
  }

  /** PostgreSQL refuses root. */
  private async as(program: string, ...args: string[]): Promise<void> {
    const command = [`${this.bin}/${program}`, ...args]
    if (process.getuid?.() === 0) command.unshift('setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--inh-caps=-all')
    const child = spawn(command[0]!, command.slice(1), { stdio: 'ignore', cwd: '/' }) // a pipe would stay open in the server
    const [code] = await once(child, 'exit') as [number | null]
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${code}`)
  }

  private ctl(what: 'start' | 'stop'): Promise<void> {
    const options = `-p ${this.port} -c listen_addresses=127.0.0.1 -k ${this.dir} -c fsync=off -c synchronous_commit=on -c max_connections=200 -c shared_buffers=64MB`
    return this.as('pg_ctl', '-D', `${this.dir}/data`, '-l', `${this.dir}/log`, '-w', '-t', '60', '-m', 'immediate', what, ...(what === 'start' ? ['-o', options] : []))
  }

  url(database: string): string { return `postgres://tandem@127.0.0.1:${this.port}/${database}?sslmode=disable` }

  /** Ends it as a crash does, and starts it again after a while. */
  async crash(down: number): Promise<void> {
    await this.ctl('stop')
    await sleep(down)
    await this.ctl('start')
  }

  /** kill -9 of one of its processes: the others end too, and it recovers by itself. */
  async killBackend(): Promise<void> {
    const postmaster = (await readFile(`${this.dir}/data/postmaster.pid`, 'utf8')).split('\n')[0]!
    const children = (await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8')).trim().split(' ')
    const backends: number[] = []
    for (const pid of children) {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (line.startsWith('postgres: tandem')) backends.push(Number(pid))
    }
    if (backends.length) process.kill(backends[Math.floor(Math.random() * backends.length)]!, 'SIGKILL')
  }

  close(): Promise<void> { return this.ctl('stop').catch(() => undefined) }
}

/** A Redis of our own, to be killed, emptied and stalled. */
export class Redis {
  private child: ChildProcess | null = null
  private constructor(private readonly dir: string, private readonly port: number) {}

  static async start(dir: string): Promise<Redis> {
    const redis = new Redis(dir, await freePort())
    await writeFile(`${dir}/redis.conf`, `bind 127.0.0.1\nport ${redis.port}\nsave ""\nappendonly no\ndir ${dir}\nlogfile ${dir}/redis.log\n`)
    await redis.up()
    return redis
  }

  get url(): string { return `redis://127.0.0.1:${this.port}/0` }

  private async up(): Promise<void> {
    this.child = spawn('redis-server', [`${this.dir}/redis.conf`], { stdio: 'ignore' })
    await until('Redis answers', () => this.say('PING').then(answer => answer.startsWith('+PONG'), () => false))
  }

  private async say(command: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      socket.write(`${command}\r\n`)
      const [data] = await once(socket, 'data') as [Buffer]
      return data.toString()
    } finally {
      socket.destroy()
    }
  }

  async kill(down: number): Promise<void> {
    await this.close()
    await sleep(down)
    await this.up()
  }

  async flush(): Promise<void> { await this.say('FLUSHALL') }

  /** Silent, with its connections open. */
  async stall(ms: number): Promise<void> {
    this.child?.kill('SIGSTOP')
    await sleep(ms)
    this.child?.kill('SIGCONT')
  }

  async close(): Promise<void> {
    const child = this.child
    this.child = null
    if (!child || child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}
