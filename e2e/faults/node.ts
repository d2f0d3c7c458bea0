import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { once } from 'node:events'
import { freePort, sleep, type Tally } from './wait.js'

/** A process of the real program that is started again whenever it dies, as a service manager does. */
export class TandemNode {
  private child: ChildProcess | null = null
  private held = false
  private lives = 0
  private readonly log: WriteStream
  /** What must never happen, whatever fails around it. */
  readonly crashes: string[] = []

  private constructor(
    readonly name: string, readonly port: number, readonly adminPort: number,
    private readonly program: string, private readonly env: Record<string, string>,
    private readonly failpoints: readonly string[], private readonly faults: Tally, dir: string,
  ) {
    this.log = createWriteStream(`${dir}/${name}.log`)
  }

  /** `failpoints` are armed in turn, one a life: each death is then at the next place. */
  static async start(name: string, program: string, env: Record<string, string>, failpoints: readonly string[], faults: Tally, dir: string): Promise<TandemNode> {
    const node = new TandemNode(name, await freePort(), await freePort(), program, env, failpoints, faults, dir)
    node.spawn()
    await node.ready()
    return node
  }

  get url(): string { return `http://127.0.0.1:${this.port}` }

  private spawn(): void {
    const child = spawn(this.program, ['serve'], {
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('TANDEM_'))),
        TANDEM_ADDR: `127.0.0.1:${this.port}`,
        TANDEM_ADMIN_ADDR: `127.0.0.1:${this.adminPort}`,
        TANDEM_RATE_LIMITS: 'off',
        TANDEM_LOG_LEVEL: 'warn',
        TANDEM_FAILPOINTS: this.failpoints.length ? this.failpoints[this.lives++ % this.failpoints.length]! : '',
        TANDEM_BASE_URL: this.url,
        ...this.env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.child = child
    child.stderr!.on('data', (data: Buffer) => {
      this.log.write(data)
      const text = data.toString()
      const point = /^failpoint: (\S+)/m.exec(text)
      if (point) this.faults.add(`kill ${point[1]}`)
      if (/^(panic:|fatal error:|WARNING: DATA RACE)/m.test(text)) this.crashes.push(`${this.name}: ${text.slice(0, 400)}`)
    })
    child.once('exit', () => {
      if (this.child !== child) return
      this.child = null
      if (!this.held) void sleep(200).then(() => { if (!this.held && !this.child) this.spawn() })
    })
  }

  async ready(within = 60_000): Promise<void> {
    const end = Date.now() + within
    for (;;) {
      const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => null)
      if (answer?.ok) return
      if (Date.now() > end) throw new Error(`${this.name} is not ready: ${answer ? await answer.text() : 'no answer'}`)
      await sleep(50)
    }
  }

  /** SIGKILL is a crash, SIGTERM a proper stop. It is started again unless `hold`. */
  async end(signal: 'SIGKILL' | 'SIGTERM', hold = false): Promise<void> {
    this.held = hold
    const child = this.child
    if (!child) return
    const gone = once(child, 'exit')
    child.kill(signal)
    if (await Promise.race([gone.then(() => true), sleep(40_000).then(() => false)])) return
    this.crashes.push(`${this.name}: did not end within 40 s of ${signal}`)
    child.kill('SIGKILL')
    await gone
  }

  /** Starts again what was held. */
  async resume(): Promise<void> {
    this.held = false
    if (!this.child) this.spawn()
    await this.ready()
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.adminPort}/metrics`)).text()
    return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN)
  }

  async close(): Promise<void> {
    await this.end('SIGTERM', true)
    this.log.end()
  }
}
