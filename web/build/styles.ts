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
