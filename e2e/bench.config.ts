import { defineConfig } from '@playwright/test'
import { browser } from './browser'

// Not tests: they print what docs/performance.md shows.
export default defineConfig({ testDir: './bench', testMatch: '*.bench.ts', timeout: 300_000, workers: 1, reporter: [['./bench/quiet.ts']], use: { ...browser, trace: 'off', screenshot: 'off' } })
