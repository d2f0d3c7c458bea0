import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Preferences } from '@/api'
import { fakeServer, gate, problem } from '@/test/fakes'
import { toasts } from '@/ui/toast'
import { usePreferences, withChange, type Change } from './preferences'

const both = { in_app: true, email: 'at_once' } as const
const start: Preferences = {
  types: { mention: both, task_assigned: both, team_invite: both, task_commented: both, task_status_changed: both, task_due_soon: both },
  digest: true, digest_hour: 8, quiet_from: null, quiet_to: null, watched_status: false, timezone: 'UTC',
}
let server: ReturnType<typeof fakeServer>
let held: Preferences
beforeEach(() => {
  server = fakeServer()
  held = start
  server.on('GET /me/notification-preferences', () => held)
  server.on('PUT /me/notification-preferences', ({ body }) => (held = withChange(held, body as Change)))
})
afterEach(() => {
  toasts.value = []
  vi.unstubAllGlobals()
})

test('a change shows at once, is saved, and sends only itself', async () => {
  const { shown, saving, load, setType } = usePreferences()
  await load()
  setType('mention', { email: 'off' })
  expect(shown.value!.types.mention).toEqual({ in_app: true, email: 'off' })
  await vi.waitFor(() => expect(saving.value).toBe(false))
  expect(server.calls.at(-1)!.body).toEqual({ types: { mention: { in_app: true, email: 'off' } } })
  expect(held.types.mention.email).toBe('off')
})
test('a refused change is taken back, and those after it stay', async () => {
  const { shown, load, change } = usePreferences()
  await load()
  const first = gate()
  server.on('PUT /me/notification-preferences', async ({ body }) => {
    if ('digest' in body) { await first.wait; return problem(422, { detail: 'Not that.' }) }
    return (held = withChange(held, body as Change))
  })
  const done = [change({ digest: false }), change({ digest_hour: 6 })]
  expect(shown.value).toMatchObject({ digest: false, digest_hour: 6 })
  first.open()
  await Promise.all(done)
  expect(shown.value).toMatchObject({ digest: true, digest_hour: 6 })
  expect(toasts.value[0]?.text).toContain('Not that.')
})
