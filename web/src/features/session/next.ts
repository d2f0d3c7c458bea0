import type { RouteLocationNormalizedLoaded } from 'vue-router'

/** Where to go after logging in: back to the page that asked for it; only ever within this app. */
export function afterLogin(from: Pick<RouteLocationNormalizedLoaded, 'query'>): string {
  const next = from.query.next
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/'
}
