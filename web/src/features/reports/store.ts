import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { reports as api, type Report, type ReportInput } from '@/api'
import { useStream } from '@/features/realtime/stream'
import { useSession } from '@/features/session/store'
import { saveFile } from '@/lib/file'
import { useToast } from '@/ui/toast'

const ORDER = ['waiting', 'running', 'done', 'failed']
/** Answers and messages overtake each other; a report only ever gets further. */
export const further = (now: Report, before: Report): boolean => {
  const states = ORDER.indexOf(now.state) - ORDER.indexOf(before.state)
  return states > 0 || states === 0 && now.done >= before.done
}
export const underWay = (report: Report): boolean => report.state === 'waiting' || report.state === 'running'

/** The files that are made for one, by team. Live for as long as the app runs. */
export const useReports = defineStore('reports', () => {
  const stream = useStream()
  const session = useSession()
  const toast = useToast()
  const lists = shallowReactive(new Map<string, readonly Report[]>())
  const gone = new Set<string>()
  /** Who looks at a list needs no message beside it. */
  let lookers = 0

  const of = (teamId: string): readonly Report[] | undefined => lists.get(teamId)
  function put(report: Report): void {
    const list = lists.get(report.team_id) ?? []
    const held = list.find(r => r.id === report.id)
    if (gone.has(report.id) || held && !further(report, held)) return
    lists.set(report.team_id, held ? list.map(r => (r === held ? report : r)) : [report, ...list])
    if (!held || !underWay(held) || lookers) return
    if (report.state === 'done') toast.success(`“${report.name}” is ready`, { timeout: 0, action: { label: 'Download', run: () => void download(report).catch(() => toast.error('The file could not be loaded')) } })
    if (report.state === 'failed') toast.error(`“${report.name}” could not be made`)
  }
  function drop(report: Report): void {
    gone.add(report.id)
    lists.set(report.team_id, (lists.get(report.team_id) ?? []).filter(r => r.id !== report.id))
  }
  async function load(teamId: string): Promise<void> {
    const { items } = await api.list(teamId)
    const held = new Map(of(teamId)?.map(r => [r.id, r]))
    lists.set(teamId, items.filter(r => !gone.has(r.id)).map(r => { const known = held.get(r.id); return known && !further(r, known) ? known : r }))
  }
  async function start(teamId: string, input: ReportInput): Promise<void> {
    put(await api.start(teamId, input))
  }
  async function remove(report: Report): Promise<void> {
    await api.remove(report.id)
    drop(report)
  }
  async function download(report: Report): Promise<void> {
    saveFile(report.name, await api.file(report.id))
  }
  function look(): () => void {
    lookers++
    return () => { lookers-- }
  }

  stream.listenPersonal(message => {
    if (message.type === 'report.updated') put(message.report)
    else if (message.type === 'report.deleted') drop(message.report)
  })
  stream.onRestart(teamId => { if (!teamId) for (const team of lists.keys()) void load(team).catch(() => undefined) })
  session.onEnd(() => lists.clear())
  return { lists, of, load, start, remove, download, look }
})
