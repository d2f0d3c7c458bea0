/** A mail's HTML without inline styles, which the policy of our pages forbids, and the styles apart. */
export interface Parts { html: string; css: string }

export function takeApart(html: string): Parts {
  const css: string[] = []
  const rest = html.replace(/<style\b[^>]*>([\s\S]*?)<\/style>/gi, (_all, text: string) => {
    css.push(text)
    return ''
  })
  // Only within tags: a text may speak of style="…" too.
  return { css: css.join('\n'), html: rest.replace(/<[a-z][^<>]*>/gi, tag => tag.replace(/\sstyle=(["'])/gi, ' data-style=$1')) }
}

/** Puts the styles back by way of the CSSOM, which the policy allows, and decides on light or dark. */
export function dress(frame: HTMLIFrameElement, css: string, dark: boolean): void {
  const [page, view] = [frame.contentDocument, frame.contentWindow as (Window & typeof globalThis) | null]
  if (!page?.body || !view) return
  for (const el of page.querySelectorAll<HTMLElement>('[data-style]')) el.style.cssText = el.dataset.style ?? ''
  const sheet = new view.CSSStyleSheet()
  sheet.replaceSync(css)
  for (const rule of sheet.cssRules) {
    if (!(rule instanceof view.CSSMediaRule)) continue
    const wanted = /prefers-color-scheme:\s*(dark|light)/.exec(rule.media.mediaText)?.[1]
    if (wanted) rule.media.mediaText = (wanted === 'dark') === dark ? 'all' : 'not all'
  }
  page.adoptedStyleSheets = [sheet]
  page.documentElement.style.colorScheme = dark ? 'dark' : 'light'
  // Links of a preview lead nowhere: they hold somebody's tokens.
  for (const link of page.links) link.removeAttribute('href')
  frame.style.height = `${Math.min(page.documentElement.scrollHeight + 2, 4000)}px`
}
