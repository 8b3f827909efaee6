import { describe, expect, it } from 'vitest'
import { answersCsv } from '../../test/generators/answers-csv.ts'
import { RecordSplitter } from '../importers/delimited.ts'
import { IMPORT_FORMATS, importFormat } from '../importers/formats.ts'
import { readAll } from '../importers/testing/read-all.ts'
import { fieldsOf, type ImportedRow, readRow, rereadRow, withValue, writeRow } from './imported-row.ts'

const CONTEXT = { tenant: 'school', pseudonym: (id: string) => `p-${id}` }

/** Each row of a file alone, as a reject would hold it. */
function rowsAlone(format: string, text: string, options: Record<string, string> = {}): ImportedRow[] {
  const splitter = new RecordSplitter()
  const [header, ...rows] = [...splitter.push(text), ...splitter.end()]
  return rows.map(({ raw, line }) => ({ format, file: 'f.csv', line, options, header: header!.raw, row: raw }))
}

const ACTIONS = `user_id,seq,skill_id,correct,attempt_count,first_action,ms_first_response
1,1,2_37,1,1,0,3000
1,2,2,0,2,1,-5
2,1,2,maybe,1,0,3000
2,2,2,1,1,2,90
`

describe('a row kept as a reject', () => {
  it.each([
    ['csv', answersCsv({ seed: 8, rows: 400, students: 9, topics: 4 }).text, {}],
    ['csv', answersCsv({ seed: 9, rows: 100, students: 3, topics: 2 }).text, { clock: 'synthetic', source: 'x' }],
    ['assistments-actions', ACTIONS, {}],
  ])('of %s is read alone as it is read within its file', (format, text, options) => {
    expect(importFormat(format).rows).toBe('independent')
    const whole = readAll(importFormat(format), text, { options: options as Record<string, string> })
    const alone = rowsAlone(format, text, options as Record<string, string>).flatMap((row) => {
      const outcomes = rereadRow(readRow(writeRow(row))!, CONTEXT)
      return typeof outcomes === 'string' ? [] : outcomes
    })
    expect(alone.length).toBe(whole.outcomes.length)
    // Rows that are equal but for their place are told apart by a count that only the file has.
    const differing = alone.filter((o, i) => JSON.stringify(o) !== JSON.stringify(whole.outcomes[i]))
    const repeated = whole.events.filter((e, i) => whole.events.some((b, j) => j < i && sameRow(e, b)))
    expect(differing.length).toBe(repeated.filter((e) => e.attempt_number === null).length)
  })

  it.each(IMPORT_FORMATS.filter((f) => f.rows === 'ordered').map((f) => f.id))(
    'of %s is not read alone, and the reason says what to do',
    (format) => {
      const row: ImportedRow = { format, file: 'f', line: 2, options: {}, header: 'a,b', row: '1,2' }
      expect(rereadRow(row, CONTEXT)).toMatch(/can't be sent alone: mend the file/)
    },
  )

  it('is an object by column, and goes back to a row with its quotes', () => {
    const row: ImportedRow = { format: 'csv', file: 'f', line: 2, options: {}, header: 'a,b,a', row: '1,"x, ""y""",3' }
    expect(fieldsOf(row)).toEqual({ a: '1', b: 'x, "y"', 'a 2': '3' })
    expect(withValue(row, fieldsOf(row)).row).toBe(row.row)
    expect(withValue(row, { a: true, b: 'two\nlines', 'a 2': null }).row).toBe('true,"two\nlines",')
    expect(fieldsOf({ ...row, row: '1,2' })).toBeUndefined()
  })

  it('is not taken for one where the bytes are something else', () => {
    for (const bytes of ['', 'null', '[]', '{"format":"csv"}', '\u00ff'])
      expect(readRow(Buffer.from(bytes, 'latin1'))).toBeNull()
  })
})

function sameRow(
  a: { student: string; item: string | null; topics: string[]; occurred_at: number },
  b: typeof a,
): boolean {
  return (
    a.student === b.student && a.item === b.item && a.occurred_at === b.occurred_at && `${a.topics}` === `${b.topics}`
  )
}
