import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'

/**
 * A proxy before the program, as a deploy has one. With `next`, it stands for the next build: whatever names the app's
 * first scripts names others, whose contents are the old ones and a mark.
 */
export class Proxy {
  /** The program's address; '': nobody is there, and the proxy says so. */
  to = ''
  next = false
  /** It takes requests and never answers. */
  silent = false
  static readonly mark = 'globalThis.secondBuild=true;'

  private constructor(readonly url: string, private readonly server: Server) {}

  static async start(): Promise<Proxy> {
    const server = createServer((req, res) => proxy.pass(req, res)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new Proxy(`http://127.0.0.1:${(server.address() as { port: number }).port}`, server)
    return proxy
  }

  private pass(req: IncomingMessage, res: ServerResponse): void {
    if (this.silent) return
    if (!this.to) return void res.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>')
    const { 'accept-encoding': _encoding, 'if-none-match': _tag, ...headers } = req.headers
    const path = this.next ? req.url!.replace(/(\/assets\/(?:index|offline)-)second(.*\.js)$/, '$1$2') : req.url!
    const onward = request(this.to + path, { method: req.method, headers }, answer => {
      const type = answer.headers['content-type'] ?? ''
      if (!this.next || !/html|javascript/.test(type)) {
        res.writeHead(answer.statusCode!, answer.headers)
        return void answer.pipe(res)
      }
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('end', () => {
        const { 'content-length': _length, ...kept } = answer.headers
        const text = Buffer.concat(parts).toString().replace(/\b(index|offline)-([\w-]{8}\.js)/g, '$1-second$2').replace(/("version":"[0-9a-f]{15})./, '$1x')
        res.writeHead(answer.statusCode!, kept).end(path === req.url ? text : Proxy.mark + text)
      })
    })
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }
}
