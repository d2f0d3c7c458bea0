import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import type { Plugin } from 'vite'

const compress = promisify(brotliCompress)

/** Writes a brotli twin beside each script and stylesheet, so that the server never compresses them at run time. */
export function brotliTwins(): Plugin {
  let dir = ''
  return {
    name: 'tandem-brotli',
    apply: 'build',
    configResolved(config) {
      dir = resolve(config.root, config.build.outDir, config.build.assetsDir)
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
