import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Plugin } from 'vite'
import { isFirst } from './parts.ts'

const MARK = '@source first;'

/**
 * Two stylesheets. style.css is loaded with every page and holds the utilities of what people meet first; later.css
 * holds those of everything, and comes with every component that is not part of that.
 */
export function styles(): Plugin {
  let src = ''
  return {
    name: 'tandem-styles',
    enforce: 'pre',
    configResolved(config) {
      src = join(config.root, 'src')
    },
    transform: {
      filter: { id: /\/src\/style\.css$/ },
      handler(code, id) {
        if (!code.includes(MARK)) this.error(`style.css lacks "${MARK}"`)
        const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => /\.(vue|ts)$/.test(name) && isFirst(`src/${name}`))
        return { code: code.replace(MARK, files.map(name => `@source '${relative(join(id, '..'), join(src, name))}';`).join('\n')), map: null }
      },
    },
  }
}

/** Lets each other component bring later.css along. */
export function laterStyles(): Plugin {
  return {
    name: 'tandem-later-styles',
    enforce: 'post',
    transform: {
      filter: { id: /\/src\/.*\.vue$/ },
      handler: (code, id) => (isFirst(id) ? null : { code: `${code}\nimport '@/later.css'`, map: null }),
    },
  }
}

/** Tailwind also writes what browsers without @property and color-mix() need; those are older than the ones we build for. */
export function modernStyles(): Plugin {
  return {
    name: 'tandem-modern-styles',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'asset' || !file.fileName.endsWith('.css')) continue
        file.source = replaceBlocks(replaceBlocks(String(file.source), '@layer properties{', () => ''), '@supports (color:color-mix(in lab, red, red)){', inner => inner)
      }
    },
  }
}

/** Puts what `instead` makes of its content in the place of each block that begins with `opening`. */
function replaceBlocks(css: string, opening: string, instead: (inner: string) => string): string {
  const at = css.indexOf(opening)
  if (at < 0) return css
  let end = at + opening.length
  for (let depth = 1; depth > 0; end++) {
    if (end >= css.length) throw new Error(`${opening} is never closed`)
    if (css[end] === '{') depth++
    else if (css[end] === '}') depth--
  }
  return css.slice(0, at) + instead(css.slice(at + opening.length, end - 1)) + replaceBlocks(css.slice(end), opening, instead)
}
