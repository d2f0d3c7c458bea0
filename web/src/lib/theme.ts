import type { Theme } from '@/api/types'

/** Shows a theme now, and by a cookie from the first byte of the next page on. */
export function applyTheme(theme: Theme): void {
  const root = document.documentElement
  if (theme === 'system') delete root.dataset.theme
  else root.dataset.theme = theme
  // The window's frame, where the app is installed, and the bars of phones: index.html has a colour for each look.
  for (const it of document.querySelectorAll<HTMLMetaElement>('[data-look]')) it.media = theme === 'system' ? `(prefers-color-scheme:${it.dataset.look})` : theme === it.dataset.look ? '' : 'not all'
  const secure = location.protocol === 'https:' ? '; secure' : ''
  document.cookie = theme === 'system'
    ? `theme=; path=/; max-age=0; samesite=lax${secure}`
    : `theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`
}

/** The one that was shown here last, for a page that the server has not made. */
export function rememberedTheme(): Theme {
  const chosen = /(?:^|; )theme=(light|dark)\b/.exec(document.cookie)?.[1]
  return (chosen as Theme | undefined) ?? 'system'
}
