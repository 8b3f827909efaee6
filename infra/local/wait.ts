import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export type Log = (line: string) => void

/** Last lines of a log, indented, for an error's text. */
function tailOf(logFile: string, lines = 15): string {
  if (!existsSync(logFile)) return '    (no log)'
  const text = readFileSync(logFile, 'utf8').trimEnd()
  if (text === '') return '    (the log is empty)'
  return text
    .split('\n')
    .slice(-lines)
    .map((line) => `    ${line.slice(0, 400)}`)
    .join('\n')
}

/**
 * Waits until `check` is true, with a line of progress every five seconds.
 * @returns milliseconds waited
 * @throws Error that names the part and quotes its log: when the time is up, or at once when `alive` turns false
 */
export async function waitUntil(wait: {
  what: string
  limitMs: number
  check: () => Promise<boolean>
  alive: () => boolean
  logFile: string
  log: Log
}): Promise<number> {
  const start = performance.now()
  let told = start
  while (!(await wait.check())) {
    const now = performance.now()
    const seconds = ((now - start) / 1000).toFixed(0)
    if (!wait.alive())
      throw new Error(`${wait.what} ended while it started; its log ${wait.logFile} ends:\n${tailOf(wait.logFile)}`)
    if (now - start > wait.limitMs)
      throw new Error(
        `${wait.what} did not serve within ${seconds} s; its log ${wait.logFile} ends:\n${tailOf(wait.logFile)}`,
      )
    if (now - told > 5_000) {
      wait.log(`${wait.what}: starting, ${seconds} of at most ${wait.limitMs / 1000} s`)
      told = now
    }
    await sleep(100)
  }
  return performance.now() - start
}
