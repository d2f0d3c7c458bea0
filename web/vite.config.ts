import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const compress = promisify(brotliCompress)

/** Writes a brotli twin beside each script and stylesheet, so that the server never compresses them at run time. */
function brotliTwins(): Plugin {
  let dir = ''
  return {
    name: 'tandem-brotli',
    apply: 'build',
    configResolved(config) {
      dir = join(config.root, config.build.outDir, config.build.assetsDir)
    },
    async closeBundle() {
      const names = (await readdir(dir)).filter(name => /\.(js|css|svg)$/.test(name))
      await Promise.all(
        names.map(async name => {
          const body = await readFile(join(dir, name))
          const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length }
          await writeFile(join(dir, `${name}.br`), await compress(body, { params }))
        }),
      )
    },
  }
}

/** What every page needs; loaded with the first one. */
const APP = new RegExp(
  [
    'src/api/',
    'src/lib/(?!draft|grow|submit|html)',
    'src/features/(session|teams|projects|tasks(?!/(courier|divide|outbox|perform)\\b)|realtime(?!/socket\\b))/', // the socket with its library comes after the first paint
    'src/features/notifications/(unread|links|Bell\\.vue)',
    'src/features/(commands/(registry|pick)|selection/(view|selection|rename))\\b',
    'src/app/(App|AppShell|Sidebar|TeamSwitcher|UserMenu|MobileNav|TopBar|router)\\b',
    'src/ui/(Avatar|Banner|Button|EmptyState|Icon\\.|icons\\.|IconButton|LabelChip|Logo|Menu|PriorityIcon|StatusDot|confirm|dialogs|toast)\\b',
    'fractional-indexing|preload-helper',
  ].join('|'),
)

const server = process.env.TANDEM_DEV_SERVER ?? 'http://localhost:8080'

export default defineConfig({
  plugins: [vue(), tailwindcss(), brotliTwins()],
  resolve: { alias: { '@': join(import.meta.dirname, 'src') } },
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox128', 'safari17.5'], // light-dark() stays as written
    manifest: true,
    modulePreload: false, // the server names what a page needs; for all later ones the list of who needs what weighs more than it saves
    assetsInlineLimit: 0, // data: URLs would need a wider policy
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // A few chunks of a sensible size: small ones compress badly and each costs a request.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'vue', test: /node_modules\/(@vue|vue|vue-router|pinia)\//, priority: 4 },
            { name: 'app', test: APP, priority: 3 },
            { name: 'forms', test: /src\/ui\/(Field|field|Input|Textarea|Select|TextLink|DateField|Skeleton|Tabs)\b|src\/app\/Page\b|src\/lib\/submit\b|src\/features\/auth\/AuthFrame\b/, priority: 5 },
            { name: 'board', test: /src\/features\/(board\/(?!pointer|NewTask)|project\/Project(Page|Top)\b)/, priority: 2 },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': { target: server, changeOrigin: true },
      '/ws': { target: server, changeOrigin: true, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
    css: true, // style.test.ts reads the stylesheet's text
  },
})
