import { defineConfig } from '@playwright/test'
import { browser } from './browser'

// Not tests: they write the pictures of docs/guide.
export default defineConfig({ testDir: './screenshots', timeout: 300_000, workers: 1, reporter: [['list']], use: browser })
