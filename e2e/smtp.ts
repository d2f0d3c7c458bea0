import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

export interface Received { to: string; headers: Map<string, string>; raw: string }

/** A mail server that takes what it is sent, but for the recipients that it refuses. */
export class MailServer {
  readonly received: Received[] = []
  readonly refused = new Set<string>()
  private constructor(private readonly server: Server) {}

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.address() as { port: number }).port}?tls=off`
  }

  static async start(): Promise<MailServer> {
    const it: MailServer = new MailServer(createServer(socket => it.talk(socket)))
    it.server.listen(0, '127.0.0.1')
    await once(it.server, 'listening')
    return it
  }

  close(): Promise<unknown> {
    const closed = once(this.server, 'close')
    this.server.close()
    return closed
  }

  private talk(socket: Socket): void {
    const say = (line: string): unknown => socket.write(`${line}\r\n`)
    let rest = ''
    let to = ''
    let data: string[] | null = null
    socket.setEncoding('utf8').on('error', () => socket.destroy())
    socket.on('data', (part: string) => {
      const lines = (rest + part).split('\r\n')
      rest = lines.pop()!
      for (const line of lines) {
        if (data && line !== '.') data.push(line.replace(/^\./, ''))
        else if (data) {
          this.received.push({ to, headers: headersOf(data), raw: data.join('\n') })
          data = null
          say('250 taken')
        } else if (/^RCPT TO:/i.test(line)) {
          to = /<(.*?)>/.exec(line)![1]!
          say(this.refused.has(to) ? '550 no such user' : '250 ok')
        } else if (/^DATA/i.test(line)) {
          data = []
          say('354 go on')
        } else if (/^QUIT/i.test(line)) {
          say('221 bye')
          socket.end()
        } else say('250 ok')
      }
    })
    say('220 ready')
  }
}

function headersOf(lines: string[]): Map<string, string> {
  const head = lines.slice(0, lines.indexOf('')).join('\n').replace(/\n[ \t]+/g, ' ')
  return new Map(head.split('\n').map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
}
