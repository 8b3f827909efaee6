import { Columns } from '../importers/columns.ts'
import { RecordSplitter } from '../importers/delimited.ts'
import { ImportError } from '../importers/importer.ts'
import type { TutorAction } from './gaming.ts'

const COLUMNS = [
  'Anon Student Id',
  'Session Id',
  'Time',
  'Problem Name',
  'Step Name',
  'Outcome',
  'Duration (sec)',
  'Input',
]
const KINDS: Readonly<Record<string, TutorAction['kind']>> = {
  CORRECT: 'right',
  OK: 'right',
  INCORRECT: 'wrong',
  ERROR: 'wrong',
  BUG: 'bug',
  HINT: 'help',
  INITIAL_HINT: 'help',
  HINT_LEVEL_CHANGE: 'help',
}

export interface DatashopAction {
  student: string
  session: string
  action: TutorAction
}

/**
 * Reads the actions of a DataShop transaction export, piece by piece, what was entered included: that is why patterns are
 * looked for in the file itself, and not in events, which keep no text of students. Rows that are neither an attempt nor
 * help (a page view, an ungraded answer) are passed over. A duration that is missing is unknown, and so is one of 0 after
 * a row of the same second: answers that are submitted together were not given one after the other.
 */
export class DatashopActions {
  private readonly splitter = new RecordSplitter({ quoting: 'none' })
  private columns: Columns | null = null
  private places: number[] = []
  private before = ''

  /** @throws ImportError where the header lacks a column */
  push(text: string): DatashopAction[] {
    return this.read(this.splitter.push(text))
  }

  end(): DatashopAction[] {
    return this.read(this.splitter.end())
  }

  private read(records: readonly { raw: string; line: number }[]): DatashopAction[] {
    const out: DatashopAction[] = []
    for (const { raw, line } of records) {
      if (this.columns === null) {
        this.columns = new Columns('datashop', raw, '\t')
        this.places = this.columns.require(COLUMNS, 'Export "By Transaction" from DataShop.')
        continue
      }
      const fields = raw.split('\t')
      if (fields.length !== this.columns.count)
        throw new ImportError(`Line ${line}: ${this.columns.countMessage(fields.length)}`)
      const [student, session, time, problem, step, outcome, duration, input] = this.places.map((i) =>
        fields[i]!.trim(),
      )
      const kind = KINDS[outcome!.toUpperCase()]
      if (kind === undefined || student === '') continue
      const together = `${student}\t${time}`
      const missing = duration === '' || duration === '.' || (Number(duration) === 0 && together === this.before)
      this.before = together
      out.push({
        student: student!,
        session: session!,
        action: {
          kind,
          pauseMs: missing ? Number.NaN : 1000 * Number(duration),
          answer: input === '' || kind === 'help' ? null : input!,
          choice: false,
          problem: problem!,
          step: step!,
        },
      })
    }
    return out
  }
}
