/** The error stream of whoever runs a command, here or at the other end of a connection. */
export interface ErrorLine {
  write(text: string): void
  isTTY: boolean
}

export const STDERR: ErrorLine = {
  write: (text) => void process.stderr.write(text),
  isTTY: process.stderr.isTTY === true,
}

/** One line that rewrites itself on a terminal, or a line every few seconds elsewhere. Writes to the error stream only. */
export class Progress {
  private readonly started = performance.now()
  private last = 0
  private readonly quiet: boolean
  private readonly to: ErrorLine
  private shown = false

  constructor(quiet = false, to: ErrorLine = STDERR) {
    this.quiet = quiet
    this.to = to
  }

  get seconds(): number {
    return (performance.now() - this.started) / 1000
  }

  /** `done` of `total`; without a total only the count and the rate are shown. */
  show(label: string, done: number, total: number | null, extra = ''): void {
    if (this.quiet) return
    const now = performance.now()
    const tty = this.to.isTTY
    if (now - this.last < (tty ? 100 : 3000)) return
    this.last = now
    const rate = done / Math.max(0.001, this.seconds)
    const share = total ? Math.min(1, Math.max(0, done / total)) : 0
    const bar = total ? `[${'#'.repeat(Math.round(share * 24)).padEnd(24, '.')}] ${Math.round(share * 100)} % ` : ''
    const left = total && share > 0.02 && share < 1 ? `, ${Math.ceil((this.seconds / share) * (1 - share))} s left` : ''
    const line = `${label} ${bar}${done.toLocaleString('en')} (${Math.round(rate).toLocaleString('en')}/s${left})${extra}`
    this.to.write(tty ? `\r\x1b[2K${line}` : `${line}\n`)
    this.shown = true
  }

  /** Ends the line. */
  end(text?: string): void {
    if (this.quiet) return
    if (this.shown && this.to.isTTY) this.to.write('\r\x1b[2K')
    if (text) this.to.write(`${text}\n`)
    this.shown = false
  }
}
