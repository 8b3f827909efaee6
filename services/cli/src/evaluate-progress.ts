import type { ErrorLine } from './progress.ts'

/** Between two lines where they can't be rewritten, and on a terminal. */
const EVERY_MS = { lines: 5000, terminal: 150 }

/** How far a long piece of work is, with what it is at and the time left, on the error stream. */
export class PhaseProgress {
  private readonly to: ErrorLine
  private phase = ''
  private began = 0
  private last = 0

  constructor(to: ErrorLine) {
    this.to = to
  }

  /** `fraction` of the phase, 0 to 1. */
  show(phase: string, fraction: number, detail: string): void {
    const now = performance.now()
    const { isTTY } = this.to
    if (phase !== this.phase) {
      this.phase = phase
      this.began = now
      this.last = Number.NEGATIVE_INFINITY
    }
    if (now - this.last < (isTTY ? EVERY_MS.terminal : EVERY_MS.lines)) return
    this.last = now
    const seconds = (now - this.began) / 1000
    const left = fraction > 0.02 ? `, ${Math.ceil((seconds / fraction) * (1 - fraction))} s left` : ''
    const bar = `[${'#'.repeat(Math.round(24 * fraction)).padEnd(24, '.')}]`
    const line = `${phase} ${bar} ${Math.floor(100 * fraction)} % ${Math.round(seconds)} s${left}  ${detail}`
    this.to.write(isTTY ? `\r\x1b[2K${line.slice(0, 160)}` : `${line}\n`)
  }

  end(): void {
    if (this.to.isTTY && this.phase !== '') this.to.write('\r\x1b[2K')
  }
}
