import { appendFileSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import type { Verdict } from './verdicts.ts'

/**
 * Writes what failed, what passed only when it was tried again, and what was not run, into the file that MASTERY_TEST_VERDICTS names, so
 * that the runner can say it again as the last thing that it prints.
 */
export default class VerdictReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const { state, errors, ...more } = test.result()
    const again = test.diagnostic()?.flaky === true
    const of = { file: test.module.relativeModuleId, test: test.fullName }
    const note = 'note' in more && more.note ? [more.note] : []
    if (state === 'skipped') this.write({ ...of, what: 'not run', errors: note })
    else if (state === 'failed' || again)
      this.write({ ...of, what: state === 'failed' ? 'failed' : 'again', errors: messages(errors) })
  }

  onTestModuleEnd(module: TestModule): void {
    const errors = messages(module.errors())
    if (errors.length > 0)
      this.write({ file: module.relativeModuleId, test: 'the file itself', what: 'failed', errors })
    for (const suite of module.children.allSuites()) {
      const own = messages(suite.errors())
      if (own.length > 0)
        this.write({ file: module.relativeModuleId, test: suite.fullName, what: 'failed', errors: own })
    }
  }

  onTestRunEnd(_: unknown, unhandled: readonly { message?: string }[]): void {
    if (unhandled.length > 0)
      this.write({ file: '', test: 'outside any test', what: 'failed', errors: messages(unhandled) })
  }

  private write(v: Verdict): void {
    const file = process.env['MASTERY_TEST_VERDICTS']
    if (file) appendFileSync(file, `${JSON.stringify(v)}\n`)
  }
}

const messages = (errors: readonly { message?: string; stacks?: { file: string; line: number }[] }[] | undefined) =>
  (errors ?? []).map((e) => {
    const at = e.stacks?.find((s) => !s.file.includes('node_modules'))
    return `${e.message ?? String(e)}${at ? ` (${at.file.split('/').slice(-2).join('/')}:${at.line})` : ''}`
  })
