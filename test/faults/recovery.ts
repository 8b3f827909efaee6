import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** What a test found out about one fault. */
export interface Recovery {
  fault: string
  /** From the end of the fault until all that was in the log had reached gold, milliseconds. */
  recoveryMs: number
  /** Gold rows that were compared with an undisturbed run. */
  rows: number
  /** Processes that ended by themselves and were started again. */
  restarts: number
  note: string
}

/** Test files run in processes of their own; the file that they write to is named by whoever starts them. */
const FILE = process.env['MASTERY_FAULT_TABLE']

export function record(r: Recovery): void {
  if (FILE) appendFileSync(FILE, `${JSON.stringify(r)}\n`)
  process.stdout.write(
    `    recovered from "${r.fault}" in ${r.recoveryMs.toFixed(0)} ms, ${r.rows} rows equal, ${r.restarts} restarts${r.note ? `, ${r.note}` : ''}\n`,
  )
}

export function recoveries(file: string): Recovery[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Recovery)
}

/** For people. */
export function recoveryTable(all: readonly Recovery[]): string {
  const cells = [
    ['fault', 'recovery', 'rows', 'restarts', ''],
    ...all.map((r) => [r.fault, `${(r.recoveryMs / 1000).toFixed(1)} s`, String(r.rows), String(r.restarts), r.note]),
  ]
  const widths = [0, 1, 2, 3].map((i) => Math.max(...cells.map((row) => row[i]!.length)))
  return cells
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[0]!) : i < 4 ? cell.padStart(widths[i]!) : cell))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
