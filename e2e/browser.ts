import type { PlaywrightTestOptions, PlaywrightWorkerOptions } from '@playwright/test'

/** Debian's Chromium: Playwright's own builds are a download that a closed network refuses. */
export const browser: Partial<PlaywrightTestOptions & PlaywrightWorkerOptions> = {
  trace: 'retain-on-failure',
  screenshot: 'only-on-failure',
  serviceWorkers: 'block', // but in worker.spec.ts: tests shall not meet files that another one left
  viewport: { width: 1280, height: 800 },
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  },
}
