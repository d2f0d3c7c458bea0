import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const program = process.env.TANDEM_PROGRAM ?? join(import.meta.dirname, '..', 'bin', 'tandem')

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (!address || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** The real program, on an empty SQLite database of its own. */
export class Server {
  readonly url: string
  private process: ChildProcess | null = null

  private constructor(private readonly dir: string, port: number, private readonly settings: Record<string, string>) {
    this.url = `http://127.0.0.1:${port}`
  }

  /** `settings` are TANDEM_* variables besides those that a test needs anyway. */
  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), 'tandem-e2e-')), await freePort(), settings)
    await server.up()
    return server
  }

  /** Starts the program and waits until it answers. */
  async up(): Promise<void> {
    const child = spawn(program, ['serve'], {
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TANDEM_'))),
        TANDEM_ADDR: new URL(this.url).host,
        TANDEM_ADMIN_ADDR: '',
        TANDEM_BASE_URL: this.url,
        TANDEM_DATA_DIR: this.dir,
        TANDEM_RATE_LIMITS: 'off',
        TANDEM_LOG_LEVEL: 'warn',
        ...this.settings,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    this.process = child
    for (let tries = 0; tries < 500; tries++) {
      if (child.exitCode !== null) throw new Error(`tandem ended with ${child.exitCode}`)
      const answer = await fetch(`${this.url}/readyz`).catch(() => null)
      if (answer?.ok) return
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    throw new Error('tandem did not become ready')
  }

  /** Ends the program: SIGKILL is a crash, SIGTERM a proper stop. */
  async down(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.process
    this.process = null
    if (!child || child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  async close(): Promise<void> {
    await this.down('SIGTERM')
    await rm(this.dir, { recursive: true, force: true })
  }
}
