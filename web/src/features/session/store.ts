import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { auth, me as meApi, type Boot, type Config, type Me, type TokenAnswer, type User } from '@/api'
import { clearToken, maybeSession, onToken, refresh, setToken } from '@/api/token'
import { sweep } from '@/lib/storage'
import { applyTheme } from '@/lib/theme'

/** Who is logged in. The token itself is in api/token.ts; this store follows it. */
export const useSession = defineStore('session', () => {
  const user = shallowRef<Me | null>(null)
  const config = shallowRef<Config | null>(null)
  const loggedIn = computed(() => user.value !== null)
  const over = new Set<() => void>()
  /** This page is logging out by itself. */
  const leaving = ref(false)

  onToken(answer => {
    if (!answer) return end()
    // Another tab logged in as somebody else: nothing on this page belongs to them.
    if (user.value && user.value.id !== answer.user.id) return location.assign('/')
    user.value = answer.user
  })

  function end(): void {
    if (!user.value) return
    user.value = null
    for (const listener of over) listener()
  }

  /** Takes what the server put into the page, or asks for it (development server, expired page cookie). */
  async function start(): Promise<Boot | null> {
    sweep()
    const boot = readBoot()
    config.value = boot?.config ?? null
    if (boot?.user && boot.access_token) {
      setToken({ access_token: boot.access_token, expires_in: boot.expires_in ?? 0, user: boot.user })
    } else if (!boot || maybeSession()) {
      // The development server says nothing; and a page token that does not hold (the server's key was changed) may have
      // a session all the same. An unreachable server counts as none.
      await refresh().catch(() => null)
    }
    if (user.value) applyTheme(user.value.theme)
    return boot
  }
  async function loadConfig(): Promise<Config> {
    return (config.value ??= await auth.config())
  }

  function enter(answer: TokenAnswer): void {
    setToken(answer)
    applyTheme(answer.user.theme)
  }
  async function login(login: string, password: string): Promise<void> {
    enter(await auth.login({ login, password }))
  }
  async function register(input: { username: string; email: string; password: string; name: string }): Promise<void> {
    enter(await auth.register(input))
    if (config.value?.registration === 'first') config.value = null
  }
  async function logout(): Promise<void> {
    await auth.logout().catch(() => undefined)
    sweep(true)
    leaving.value = true
    clearToken(true)
    leaving.value = false
  }
  async function update(input: Parameters<typeof meApi.update>[0]): Promise<Me> {
    user.value = await meApi.update(input)
    applyTheme(user.value.theme)
    return user.value
  }
  async function setAvatar(file: Blob): Promise<void> {
    user.value = await meApi.setAvatar(file)
  }
  async function removeAvatar(): Promise<void> {
    user.value = await meApi.removeAvatar()
  }
  /** Another page, or another device, has changed how one looks. */
  function shown(now: User): void {
    if (user.value?.id === now.id) user.value = { ...user.value, ...now }
  }
  /** Runs when the session ends: logout, here or in another tab, or the server's refusal. */
  function onEnd(listener: () => void): () => void {
    over.add(listener)
    return () => over.delete(listener)
  }

  return { user, config, loggedIn, leaving, start, loadConfig, login, register, logout, update, setAvatar, removeAvatar, shown, onEnd }
})

function readBoot(): Boot | null {
  const element = document.getElementById('boot')
  if (!element?.textContent) return null
  const boot = JSON.parse(element.textContent) as Boot
  element.remove() // the token in it shall not outlive the start
  return boot
}
