import { Columns } from '../../importers/columns.ts'
import { detectDelimiter, RecordSplitter, splitFields } from '../../importers/delimited.ts'
import type { AnswerLog } from '../answer-log.ts'
import { LoadError } from './load-error.ts'

/**
 * Predictions made elsewhere, per model and row of the log. Two shapes: columns row, model, p (rows of the test file from
 * 0, its header not counted), as `--predictions` writes them; or the test file itself with one more column, last, whose
 * name is the model's.
 * @param answers text of the test file, for the second shape; null where there are several
 * @throws LoadError naming file, line and column
 */
export function readPredictions(
  fileName: string,
  text: string,
  log: AnswerLog,
  answers: { fileName: string; text: string } | null,
): Map<string, Float64Array> {
  const splitter = new RecordSplitter()
  const [first, ...records] = [...splitter.push(text), ...splitter.end()]
  if (!first) throw new LoadError(fileName, {}, 'The file is empty; it needs a header line.')
  const delimiter = detectDelimiter(first.raw)
  const columns = new Columns('predictions', first.raw, delimiter)
  const rowAt = columns.find('row')
  const modelAt = columns.find('model')
  const pAt = columns.find('p')
  const long = rowAt >= 0 && modelAt >= 0 && pAt >= 0
  if (!long) checkSame(fileName, text, answers)
  const last = columns.count - 1
  const bySource = new Map<string, Map<number, number>>()
  for (const [i, { raw, line }] of records.entries()) {
    const fields = splitFields(raw, delimiter)
    if (fields?.length !== columns.count)
      throw new LoadError(fileName, { line }, columns.countMessage(fields?.length ?? 0))
    const row = long ? Number(fields[rowAt]) : i
    if (!Number.isSafeInteger(row) || row < 0)
      throw new LoadError(fileName, { line, column: 'row' }, 'It is no row number. Give 0, 1, 2, ...')
    const model = long ? fields[modelAt]! : columns.names[last]!
    const column = long ? 'p' : model
    const given = fields[long ? pAt : last]!.trim()
    const p = given === '' ? Number.NaN : Number(given)
    if (!(p >= 0 && p <= 1))
      throw new LoadError(fileName, { line, column }, 'It is no probability. Give a number from 0 to 1.')
    let rows = bySource.get(model)
    if (!rows) bySource.set(model, (rows = new Map()))
    if (rows.has(row)) throw new LoadError(fileName, { line }, `Row ${row} of ${model} was given before. Keep one.`)
    rows.set(row, p)
  }
  return new Map(
    [...bySource].map(([model, rows]) => {
      const missing = log.row.findIndex((row) => !rows.has(row))
      if (missing >= 0)
        throw new LoadError(
          fileName,
          {},
          `There is no prediction of ${model} for row ${log.row[missing]} of the test file, line ${log.row[missing]! + 2}. Give one for each answer.`,
        )
      return [model, Float64Array.from(log.row, (row) => rows.get(row)!)]
    }),
  )
}

/** The file must be the test file with one column more. */
function checkSame(fileName: string, text: string, answers: { fileName: string; text: string } | null): void {
  const other = 'Give the test file with one more column, or the columns row, model, p.'
  if (!answers) throw new LoadError(fileName, { line: 1 }, `The columns row, model, p are missing. ${other}`)
  const mine = text.split('\n')
  const theirs = answers.text.split('\n')
  for (let i = 0; i < Math.max(mine.length, theirs.length); i++) {
    const [a, b] = [(mine[i] ?? '').trimEnd(), (theirs[i] ?? '').trimEnd()]
    const rest = a.slice(b.length)
    if (a === '' && b === '') continue
    if (b !== '' && a.startsWith(b) && /^[,;\t]/.test(rest)) continue
    throw new LoadError(
      fileName,
      { line: i + 1 },
      `It is not the same line of ${answers.fileName} and a prediction. ${other}`,
    )
  }
}
