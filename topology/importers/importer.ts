import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { RejectCode } from '../rejects/codes.ts'

/** What an importer needs from outside: who the tenant is and how its ids become pseudonyms. */
export interface ImportContext {
  tenant: string
  /** The tenant's own student id to its pseudonym: 32 hexadecimal digits, the same for the same id. */
  pseudonym(studentId: string): string
  /** Nobody sends the events anywhere: they need no ids and no opportunity keys, and most of the work is spared. */
  nameless?: true
}

/**
 * What became of one row. A row gives any number of outcomes; `skip` is for rows that are no learner events by design.
 * The message of a reject names columns and never repeats what stood in them; `student` is the pseudonym, where the row
 * says whose it is.
 */
export type ImportOutcome =
  | { type: 'event'; event: LearningEvent }
  | { type: 'reject'; code: RejectCode; message: string; line: number; raw: string; student: string | null }
  | { type: 'skip'; reason: string }

/** Folds a file's records, in file order, into outcomes. Pure: the same rows give the same outcomes, ids included. */
export interface RowReader {
  /** `raw` is one logical record (a quoted field may hold line breaks), `line` the 1-based number of its first line. */
  row(raw: string, line: number): ImportOutcome[]
  /** What only the end of the file decides. */
  end(): ImportOutcome[]
  /** Nothing more is asked about the student, by the source's own id: what is kept for it may go. */
  forget?(student: string): void
}

/** One file format. `open` throws ImportError where the header does not fit, saying what was expected and what was found. */
export interface ImportFormat {
  id: string
  /** One line for `--help`. */
  summary: string
  /** Companion files, by option name, e.g. `questions` for EdNet; `required` ones are asked for by name when missing. */
  companions: { name: string; required: boolean; summary: string }[]
  /** 'lines': delimited text with a header. 'json': one JSON array, each element handed to `row` as its own JSON text. */
  container: 'lines' | 'json'
  /**
   * 'independent': a row alone gives the same event as within its file. 'ordered': rows count or gather what came
   * before them, so that none can be read alone.
   */
  rows: 'independent' | 'ordered'
  /** The file's name is a student's id. */
  namedByStudent?: true
  /** 'none': a quote is a plain character to the record splitter. Left out: RFC 4180. */
  quoting?: 'none'
  open(input: {
    header: string
    fileName: string
    /** Whole text of each companion file, by name. */
    companions: Record<string, string>
    /** Format options from the command line, e.g. a column map. */
    options: Record<string, string>
    context: ImportContext
  }): RowReader
}

/** The file as a whole can't be read. The message says what to do. */
export class ImportError extends Error {
  override name = 'ImportError'
}
