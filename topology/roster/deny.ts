import { detectDelimiter, RecordSplitter, splitFields } from '../importers/delimited.ts'
import { idOf, type LearnerId } from './learner-id.ts'
import { type Problems, quoted } from './problem.ts'
import { decodeFile } from './read-table.ts'
import type { DeniedPair } from './source.ts'
import type { RosterTables } from './table.ts'

const COLUMNS = ['student', 'user'] as const

/**
 * Reads a deny list: a CSV with the columns student and user, one pair a row. Each is a sourcedId, or the id that events
 * have of a learner. A pair of somebody who is not in the roster is an error: a mistyped id would protect nobody.
 */
export function readDenyList(
  file: string,
  bytes: Uint8Array,
  tables: RosterTables,
  kind: LearnerId,
  problems: Problems,
): DeniedPair[] {
  const text = decodeFile(file, bytes, problems)
  if (text === null) return []
  const delimiter = detectDelimiter(text.split('\n', 1)[0]!)
  const splitter = new RecordSplitter({ delimiter })
  const [head, ...records] = [...splitter.push(text), ...splitter.end()]
  const names = (head ? (splitFields(head.raw, delimiter) ?? []) : []).map((n) => n.trim().toLowerCase())
  const [student, user] = COLUMNS.map((c) => names.indexOf(c)) as [number, number]
  if (student < 0 || user < 0) {
    problems.error(
      { file, row: 1 },
      null,
      'The columns student and user are not both there',
      'The first line must be: student,user.',
    )
    return []
  }
  const byLearnerId = new Map([...tables.users].map(([id, row]) => [idOf(row, kind), id]))
  const pairs: DeniedPair[] = []
  for (const { raw, line } of records) {
    const at = { file, row: line }
    const fields = splitFields(raw, delimiter)
    if (fields === null || fields.length !== names.length) {
      problems.error(at, null, 'The row has other cells than the header', 'Give one student and one user.')
      continue
    }
    const found = [student, user].map((index, i) => {
      const id = fields[index]!.trim()
      const known = tables.users.has(id) ? id : id === '' ? undefined : byLearnerId.get(id)
      if (known === undefined)
        problems.error(
          at,
          COLUMNS[i]!,
          `${quoted(id)} is nobody in this roster`,
          'Give a sourcedId, or the id that events have.',
        )
      return known
    })
    if (found[0] !== undefined && found[1] !== undefined) pairs.push({ student: found[0], user: found[1] })
  }
  return pairs
}
