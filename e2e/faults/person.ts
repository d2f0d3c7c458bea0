import { Agent, request as httpRequest } from 'node:http'
import { randomUUID } from 'node:crypto'
import { backoff, sleep } from './wait.js'

export interface Answer { status: number; body: string; cookie: string | undefined }

const password = 'correct horse battery'
const fresh = 8 * 60_000 // tokens live 15 minutes

/** Somebody at the door: the load balancer, or one node. */
export class Person {
  id = ''
  token = ''
  private since = 0
  private cookie = ''
  private renewing: Promise<void> | null = null
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 })

  constructor(private readonly port: () => number, readonly username: string) {}

  get url(): string { return `127.0.0.1:${this.port()}` }

  /** One try. It fails when there is no answer in time. */
  once(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const request = httpRequest({
        host: '127.0.0.1', port: this.port(), method, path, agent: this.agent,
        headers: { ...(text !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }), ...(this.token && { Authorization: `Bearer ${this.token}` }), ...headers },
      }, response => {
        let all = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => (all += part))
        response.on('error', reject)
        response.on('end', () => {
          clearTimeout(timer)
          resolve({ status: response.statusCode ?? 0, body: all, cookie: response.headers['set-cookie']?.map(c => c.split(';')[0]).join('; ') })
        })
        response.on('close', () => { if (!response.complete) reject(new Error('the answer was cut')) })
      })
      const timer = setTimeout(() => request.destroy(new Error('no answer in time')), 4000)
      request.on('error', error => {
        clearTimeout(timer)
        reject(error)
      })
      request.end(text)
    })
  }

  /** Asks until there is an answer that another try would not change. */
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}, within = 120_000): Promise<Answer> {
    const end = Date.now() + within
    let last = ''
    for (let tries = 0; Date.now() < end; tries++) {
      if (tries) await sleep(backoff(tries, 50, 500))
      if (this.token && Date.now() - this.since > fresh) await this.renew()
      try {
        const answer = await this.once(method, path, body, headers)
        if (answer.status === 401 && this.token) await this.renew()
        else if (answer.status < 500 && answer.status !== 429) return answer
        last = `${answer.status} ${answer.body}`
      } catch (error) {
        last = String(error)
      }
    }
    throw new Error(`${method} ${path}: never answered: ${last}`)
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.ask('GET', path)
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.body}`)
    return JSON.parse(answer.body) as T
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    const answer = await this.ask('POST', path, body, { 'Idempotency-Key': randomUUID() })
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${answer.body}`)
    return (answer.body ? JSON.parse(answer.body) : undefined) as T
  }

  async register(): Promise<void> {
    const name = this.username
    const answer = await this.ask('POST', '/api/auth/register', { username: name, name, email: `${name}@example.org`, password })
    if (answer.status < 300) this.take(answer)
    else await this.another() // the node died after the commit of an earlier try
  }

  /** Another token: by the refresh cookie as pages do, or else by logging in. */
  renew(): Promise<void> {
    return this.renewing ??= this.another().finally(() => (this.renewing = null))
  }

  private async another(): Promise<void> {
    if (Date.now() - this.since < 500) await sleep(500)
    for (let tries = 0; ; tries++) {
      await sleep(tries && backoff(tries, 50, 1000))
      try {
        if (tries === 0 && this.cookie) {
          this.take(await this.once('POST', '/api/auth/refresh', undefined, { Cookie: this.cookie, Authorization: '' }))
          return
        }
        this.token = ''
        this.take(await this.once('POST', '/api/auth/login', { login: this.username, password }))
        return
      } catch (error) {
        if (tries > 200) throw error
      }
    }
  }

  private take(answer: Answer): void {
    if (answer.status >= 300) throw new Error(`log in: ${answer.status} ${answer.body}`)
    const { access_token, user } = JSON.parse(answer.body) as { access_token: string; user: { id: string } }
    this.token = access_token
    this.since = Date.now()
    this.id = user?.id ?? this.id
    this.cookie = answer.cookie ?? this.cookie
  }

  close(): void { this.agent.destroy() }
}
