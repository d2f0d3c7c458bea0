import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter'

/** Prints what the measurement prints, and why it failed if it did. */
export default class Quiet implements Reporter {
  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk)
  }
  onTestEnd(test: TestCase, result: TestResult): void {
    for (const error of result.errors) process.stderr.write(`${test.title}: ${error.message ?? ''}\n`)
  }
  printsToStdio(): boolean {
    return true
  }
}
