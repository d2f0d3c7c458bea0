import type { Directive } from 'vue'

interface Policy { createHTML(html: string): string; createScriptURL(url: string): string }
interface TrustedTypes { createPolicy(name: string, rules: Policy): Policy }

const WORKER = '/sw.js'
const rules: Policy = {
  createHTML: html => html,
  createScriptURL: url => {
    if (url !== WORKER) throw new Error(`${url} is no script of this page`)
    return url
  },
}
const factory = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes
const policy = factory?.createPolicy('tandem', rules) ?? rules

/** The server's own HTML, for the few places of the page that take it whole. */
export const trusted = (html: string): string => policy.createHTML(html)

/** The service worker's address. */
export const workerURL = (): string => policy.createScriptURL(WORKER)

function set(el: HTMLElement, html: string): void {
  el.innerHTML = policy.createHTML(html)
  for (const link of el.querySelectorAll<HTMLAnchorElement>('a[href]')) {
    if (link.origin !== location.origin) {
      link.target = '_blank'
      link.rel = 'noopener noreferrer nofollow'
    }
  }
}

/** Shows HTML that the server has rendered and sanitised (`*_html` fields). Nothing else may go through here. */
export const vSafeHtml: Directive<HTMLElement, string | undefined> = {
  mounted: (el, { value }) => set(el, value ?? ''),
  updated: (el, { value, oldValue }) => {
    if (value !== oldValue) set(el, value ?? '')
  },
}
