import { renameSync, rmSync, writeFileSync } from 'node:fs'
import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import type { Predictions } from '@mastery/topology/evaluation/evaluate.ts'

/** Writes a whole file or none: whoever looks meanwhile finds the former one. */
export function writeWhole(path: string, contents: string | Uint8Array): void {
  const beside = `${path}.${process.pid}.part`
  try {
    writeFileSync(beside, contents)
    renameSync(beside, path)
  } catch (e) {
    rmSync(beside, { force: true })
    throw new Error(`${path} can't be written: ${(e as Error).message}. Choose another place.`, { cause: e })
  }
}

/** CSV of row, model, p: rows of the test file from 0, in its order; p in the fewest digits that give it back to the bit. */
export function predictionsCsv(log: AnswerLog, predictions: readonly Predictions[]): string {
  const order = Int32Array.from(log.row.keys()).sort((a, b) => log.row[a]! - log.row[b]!)
  const lines = ['row,model,p']
  for (const { id, p } of predictions) {
    const name = /[",\n]/.test(id) ? `"${id.replaceAll('"', '""')}"` : id
    for (const r of order) lines.push(`${log.row[r]},${name},${p[r]}`)
  }
  lines.push('')
  return lines.join('\n')
}
