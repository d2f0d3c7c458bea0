import { join } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { brotliTwins } from './build/brotli.ts'
import { groups } from './build/parts.ts'
import { packFirst } from './build/pack.ts'
import { laterStyles, modernStyles, styles } from './build/styles.ts'

const server = process.env.TANDEM_DEV_SERVER ?? 'http://localhost:8080'

export default defineConfig({
  plugins: [styles(), vue(), tailwindcss(), laterStyles(), modernStyles(), packFirst(), brotliTwins()],
  resolve: { alias: { '@': join(import.meta.dirname, 'src') } },
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  // Chunks find each other beside themselves, wherever they came from (TANDEM_ASSET_URL); the server writes what pages name.
  experimental: { renderBuiltUrl: (_file, { hostType }) => (hostType === 'html' ? undefined : { relative: true }) },
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox128', 'safari17.5'], // light-dark() stays as written
    manifest: true,
    modulePreload: false, // the server names what a page needs; for all later ones the list of who needs what weighs more than it saves
    assetsInlineLimit: 0, // data: URLs would need a wider policy
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: 'index.html', offline: 'src/app/offline.ts' },
      output: {
        codeSplitting: { includeDependenciesRecursively: false, groups },
      },
    },
  },
  server: {
    proxy: {
      '/api': { target: server, changeOrigin: true },
      '/avatars': { target: server, changeOrigin: true },
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
