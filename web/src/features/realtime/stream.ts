import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { ApiError, teams as teamsApi, type CommentMessage, type Message, type TaskMessage, type UserMessage } from '@/api'
import { useProjects } from '@/features/projects/store'
import { useSession } from '@/features/session/store'
import { useTasks } from '@/features/tasks/store'
import { useTeams } from '@/features/teams/store'
import { clock } from '@/lib/time'
import { online } from '@/lib/online'
import { useToast } from '@/ui/toast'
import { access, refresh } from '@/api/token'
import { disconnect, ended, link, open, reconnect } from './connection'
import { Feed, type Position } from './feed'
import { forgetViewers, resetViewers, setViewers, type PresenceMessage, type Viewer } from './presence'

const TICK = 5000
/** A timer that is this late has slept: the machine was suspended. */
const SLEPT = 25_000
/** Without a socket, changes are fetched this often. */
const POLL = 10_000
/** A reconnect shorter than this is nobody's business. */
const PATIENCE = 3000

/** One's own stream also brings the changes of tasks that one made, has, or watches. */
const isOfTask = (message: UserMessage | TaskMessage | CommentMessage): message is TaskMessage | CommentMessage => message.type.startsWith('task.') || message.type.startsWith('comment.')

interface Followed { feed: Feed; users: number; close: (() => void) | null }

/** Brings the changes of the followed teams, and one's own, into the stores. */
export const useStream = defineStore('stream', () => {
  const session = useSession()
  const toast = useToast()
  const teams = useTeams()
  const projects = useProjects()
  const tasks = useTasks()

  const followed = new Map<string, Followed>()
  const listeners = new Set<(message: Message) => void>()
  const personal = new Set<(message: UserMessage) => void>()
  const catchers = new Set<(recovered: boolean) => void>()
  const readers = new Set<(teamId: string | null) => void>()
  const started = ref(false)
  const lostAt = ref<number | null>(null)
  const late = ref(false)
  let closeUser: (() => void) | null = null
  let timer: ReturnType<typeof setInterval> | undefined
  let lastTick = 0
  let lastPoll = 0
  /** It slept, and what happened meanwhile has not been read yet. */
  let asleep = false

  /** What a banner says while the view may be out of date; null: all is live. */
  const stale = computed<string | null>(() => {
    if (!started.value || lostAt.value === null) return null
    if (!online.value) return `You are offline. Showing data from ${clock(lostAt.value)}; your changes are sent when the connection is back.`
    if (ended.value) return `${ended.value} Changes are fetched every few seconds instead.`
    return late.value ? `Reconnecting… Showing data from ${clock(lostAt.value)}.` : null
  })

  function deliver(message: Message): void {
    tasks.applyMessage(message)
    projects.applyMessage(message)
    teams.applyMessage(message, session.user?.id)
    for (const listener of listeners) listener(message)
  }
  function entry(teamId: string): Followed {
    let it = followed.get(teamId)
    if (!it) {
      const feed = new Feed({
        events: after => teamsApi.events(teamId, after),
        deliver,
        resync: async () => {
          const [position] = await Promise.all([tasks.resync(teamId), teams.resync(teamId), projects.loadTeam(teamId, true)])
          restarted(teamId)
          return position
        },
      })
      followed.set(teamId, (it = { feed, users: 0, close: null }))
    }
    return it
  }
  function connect(teamId: string, it: Followed): void {
    it.close ??= open(`team:${teamId}`, {
      position: () => it.feed.position,
      publication: data => {
        const message = data as Message | PresenceMessage
        if (message.type === 'presence.changed') setViewers(teamId, message.task_id, message.users)
        else it.feed.receive(message)
      },
      subscribed: (recovered, position, data) => {
        resetViewers(teamId, (data as { presence?: Record<string, Viewer[]> } | undefined)?.presence ?? {})
        if (position && !it.feed.position) {
          // No board was read yet: what the page knows of the team may be older than the subscription.
          it.feed.begin(position)
          void Promise.all([teams.resync(teamId), projects.loadTeam(teamId, true)]).catch(() => undefined)
          restarted(teamId)
        }
        else if (!recovered) void it.feed.start().catch(() => undefined)
        else if (position && it.feed.position && position.seq > it.feed.position.seq) void it.feed.catchUp().catch(() => undefined)
      },
      refused: () => {
        // Either membership ended, or the subscription has to be made anew.
        it.close = null
        forgetViewers(teamId)
        void teamsApi.get(teamId).then(team => { teams.put(team); if (it.users) connect(teamId, it) }, () => teams.drop(teamId))
      },
    })
  }
  /** Keeps a team live until the result is called. */
  function follow(teamId: string): () => void {
    const it = entry(teamId)
    it.users++
    if (started.value) connect(teamId, it)
    let done = false
    return () => {
      if (done) return
      done = true
      if (--it.users) return
      it.close?.()
      followed.delete(teamId)
      forgetViewers(teamId)
    }
  }
  /** A snapshot of this team was read at `position`: the stream goes on from there. */
  function snapshotAt(teamId: string, position: Position): void {
    void entry(teamId).feed.at(position).catch(() => undefined)
  }

  /** Opens the socket. Called when the first page is usable: the socket's script is not part of the first load. */
  function start(): void {
    if (started.value || !session.user) return
    started.value = true
    let first = true
    closeUser = open(`user:${session.user.id}`, {
      position: () => null,
      publication: data => {
        const message = data as UserMessage | TaskMessage | CommentMessage
        if (isOfTask(message)) {
          // A followed team brings its own changes, in order.
          if (followed.has(message.team_id)) return
          tasks.applyMessage(message)
          for (const listener of listeners) listener(message)
          return
        }
        if (message.type === 'team.left') toast.show(`You are no longer a member of ${teams.byId(message.team_id)?.name ?? 'a team'}`)
        if (message.type === 'user.updated') session.shown(message.user)
        teams.applyUserMessage(message)
        if (message.type === 'team.left') projects.dropTeam(message.team_id)
        // Somebody ended a session; the server knows whether it was this one.
        if (message.type === 'session.ended') void refresh(access.value?.token).catch(() => undefined)
        for (const listener of personal) listener(message)
      },
      subscribed: recovered => {
        if (!recovered) void teams.loadTeams().catch(() => undefined)
        for (const catchUp of catchers) catchUp(recovered)
        if (first || !recovered) restarted(null)
        first = false
      },
      refused: () => undefined,
    })
    for (const [id, it] of followed) if (it.users) connect(id, it)
    lastTick = lastPoll = Date.now()
    timer = setInterval(tick, TICK)
    document.addEventListener('visibilitychange', wake)
    window.addEventListener('online', back)
  }
  async function stop(): Promise<void> {
    started.value = asleep = false
    clearInterval(timer)
    document.removeEventListener('visibilitychange', wake)
    window.removeEventListener('online', back)
    closeUser?.()
    closeUser = null
    for (const it of followed.values()) it.close?.()
    followed.clear()
    lostAt.value = null
    await disconnect()
  }
  function tick(): void {
    const now = Date.now()
    const slept = now - lastTick > SLEPT
    lastTick = now
    if (slept) back()
    else if (link.value !== 'live' && now - lastPoll > POLL) void poll()
  }
  const wake = (): void => { if (document.visibilityState === 'visible') tick() }
  function back(): void {
    asleep = true
    void reconnect()
    void poll()
  }
  // Whoever wakes up reads before they write. A failure for want of network would meet the writing too.
  tasks.beforeSending(async () => {
    if (started.value && Date.now() - lastTick > SLEPT) tick() // the timer itself may still be asleep
    if (asleep) await poll()
  })
  /** Everything also works without a socket. */
  async function poll(): Promise<void> {
    lastPoll = Date.now()
    for (const catchUp of catchers) catchUp(true)
    const results = await Promise.allSettled([...followed.values()].map(it => it.feed.catchUp()))
    if (!results.some(r => r.status === 'rejected' && r.reason instanceof ApiError && r.reason.isNetwork)) asleep = false
    if (lostAt.value !== null && results.every(r => r.status === 'fulfilled')) lostAt.value = Date.now()
  }

  let patience: ReturnType<typeof setTimeout> | undefined
  watch([link, online, started], () => {
    clearTimeout(patience)
    const live = link.value === 'live' && online.value
    if (!live) forgetViewers()
    if (live || !started.value) {
      lostAt.value = null
      late.value = false
      return
    }
    lostAt.value ??= Date.now()
    patience = setTimeout(() => (late.value = true), PATIENCE)
  })

  /** Every change of the followed teams, and of other teams' tasks that concern one, after the stores have taken it: for comments, activity, lists. */
  function listen(listener: (message: Message) => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  function listenPersonal(listener: (message: UserMessage) => void): () => void {
    personal.add(listener)
    return () => personal.delete(listener)
  }
  /** Runs when some of one's own messages may not have come; `recovered` false: some are surely missing. */
  function onGap(catchUp: (recovered: boolean) => void): () => void {
    catchers.add(catchUp)
    return () => catchers.delete(catchUp)
  }
  const restarted = (teamId: string | null): void => { for (const reader of readers) reader(teamId) }
  /** Runs when a team's stream, or one's own (null), begins anew: what was read before may be out of date, and no message will tell. */
  function onRestart(reader: (teamId: string | null) => void): () => void {
    readers.add(reader)
    return () => readers.delete(reader)
  }
  return { stale, link, started, follow, snapshotAt, start, stop, listen, listenPersonal, onGap, onRestart }
})
