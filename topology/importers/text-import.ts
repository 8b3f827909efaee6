import { RecordSplitter } from './delimited.ts'
import { type ImportContext, ImportError, type ImportFormat, type ImportOutcome, type RowReader } from './importer.ts'
import { JsonElementSplitter } from './json-array.ts'

/** One file read from text chunks of any size: splits, takes the header, feeds the format's reader. */
export class TextImport {
  readonly #format: ImportFormat
  readonly #input: TextImportInput
  readonly #splitter: RecordSplitter | JsonElementSplitter
  #reader: RowReader | null = null
  #header = ''

  /** Throws ImportError where a required companion is missing. */
  constructor(format: ImportFormat, input: TextImportInput) {
    for (const companion of format.companions) {
      if (companion.required && input.companions[companion.name] === undefined) {
        throw new ImportError(
          `Format '${format.id}' needs the file '${companion.name}': ${companion.summary}. Give it too.`,
        )
      }
    }
    this.#format = format
    this.#input = input
    this.#splitter =
      format.container === 'json'
        ? new JsonElementSplitter()
        : new RecordSplitter({ quoting: format.quoting ?? 'rfc4180' })
    if (format.container === 'json') this.#reader = format.open({ ...input, header: '' })
  }

  /** The file's header, as soon as it was read; empty where the format has none. */
  get header(): string {
    return this.#header
  }

  #open(header: string): RowReader {
    this.#header = header
    return this.#format.open({ ...this.#input, header })
  }

  /** Outcomes of the rows that end in this chunk. Throws ImportError where the header does not fit. */
  push(chunk: string): ImportOutcome[] {
    return this.#read(this.#splitter.push(chunk))
  }

  /** What is left, and what only the end decides. Throws ImportError where the file had no header. */
  end(): ImportOutcome[] {
    const outcomes = this.#read(this.#splitter.end())
    if (this.#reader === null) {
      throw new ImportError(`${this.#input.fileName} is empty; format '${this.#format.id}' needs a header line.`)
    }
    return outcomes.concat(this.#reader.end())
  }

  #read(records: { raw: string; line: number }[]): ImportOutcome[] {
    const outcomes: ImportOutcome[] = []
    for (const { raw, line } of records) {
      if (this.#reader === null) this.#reader = this.#open(raw)
      else for (const outcome of this.#reader.row(raw, line)) outcomes.push(outcome)
    }
    return outcomes
  }
}

export interface TextImportInput {
  fileName: string
  companions: Record<string, string>
  options: Record<string, string>
  context: ImportContext
}
