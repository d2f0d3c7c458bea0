import { defineConfig } from '@playwright/test'
import { browser } from './browser'

// Every test has a server of its own (see server.ts), so tests may run side by side.
export default defineConfig({
  testDir: './tests',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  workers: 2,
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  retries: 0,
  reporter: [['list']],
  use: browser,
})
