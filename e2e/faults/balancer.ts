import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { sleep } from './wait.js'

interface Link { client: Socket; server: Socket; to: number }

/** A load balancer of TCP connections that can treat them badly. */
export class Balancer {
  private readonly links = new Set<Link>()
  private readonly lost = new Set<Socket>() // accepted into the black hole
  private readonly out = new Set<number>()
  private hole = 0 // the chance of a new connection to fall into it
  private turn = 0
  private server: Server | null = null
  port = 0

  private constructor(private readonly nodes: readonly number[]) {}

  static async listen(nodes: readonly number[]): Promise<Balancer> {
    const it = new Balancer(nodes)
    it.server = createServer(socket => it.accept(socket)).listen(0, '127.0.0.1', 4096)
    await once(it.server, 'listening')
    it.port = (it.server.address() as { port: number }).port
    return it
  }

  private accept(client: Socket): void {
    client.on('error', () => client.destroy())
    if (Math.random() < this.hole) {
      this.lost.add(client)
      client.pause().once('close', () => this.lost.delete(client))
      return
    }
    this.dial(client, this.nodes.length)
  }

  /** Tries the nodes in turn. */
  private dial(client: Socket, tries: number): void {
    const able = this.nodes.filter(port => !this.out.has(port))
    if (tries === 0 || able.length === 0 || client.destroyed) {
      client.destroy()
      return
    }
    const to = able[this.turn++ % able.length]!
    const server = connect(to, '127.0.0.1')
    const failed = (): void => this.dial(client, tries - 1)
    server.once('error', failed)
    server.once('connect', () => {
      server.off('error', failed)
      this.join({ client, server, to })
    })
  }

  private join(link: Link): void {
    const { client, server } = link
    const end = (): void => {
      this.links.delete(link)
      client.destroy()
      server.destroy()
    }
    server.on('error', end).on('close', end)
    client.on('close', end)
    if (client.destroyed) return end()
    this.links.add(link)
    client.setNoDelay(true)
    server.setNoDelay(true)
    client.pipe(server)
    server.pipe(client)
  }

  private some(share: number): Link[] { return [...this.links].filter(() => Math.random() < share) }

  cut(share: number): void { for (const link of this.some(share)) link.client.destroy() }

  /** Some connections, and some new ones, stay open and pass nothing. What they held is lost when they are cut. */
  async blackHole(share: number, ms: number): Promise<void> {
    const links = this.some(share)
    for (const { client, server } of links) {
      client.unpipe(server).pause()
      server.unpipe(client).pause()
    }
    this.hole = share / 2
    await sleep(ms)
    for (const { client } of links) client.destroy()
    this.open()
  }

  /** Some readers stop reading, so that the server's buffers fill, and then read on. */
  async stall(share: number, ms: number): Promise<void> {
    const links = this.some(share)
    for (const { client, server } of links) {
      server.unpipe(client).pause()
    }
    await sleep(ms)
    for (const { client, server } of links) if (!server.destroyed) server.pipe(client)
  }

  /** Whoever comes meanwhile waits in vain. */
  shut(): void { this.hole = 1 }

  open(): void {
    this.hole = 0
    for (const client of this.lost) client.destroy()
  }

  async failOver(node: number, ms: number): Promise<void> {
    if (this.nodes.length < 2) return this.cut(1)
    this.out.add(node)
    for (const link of this.links) if (link.to === node) link.client.destroy()
    await sleep(ms)
    this.out.delete(node)
  }

  close(): void {
    this.server?.close()
    for (const { client } of this.links) client.destroy()
    this.open()
  }
}
