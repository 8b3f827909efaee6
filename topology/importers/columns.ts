import { splitFields } from './delimited.ts'
import { ImportError } from './importer.ts'

/** The header of a delimited file: where each column is. */
export class Columns {
  readonly names: readonly string[]
  readonly #format: string

  constructor(format: string, header: string, delimiter: string) {
    this.#format = format
    const names = delimiter === '\t' ? header.split('\t') : splitFields(header, delimiter)
    if (names === null) {
      throw new ImportError(
        `The header of this '${format}' file has quotes that do not match: ${excerpt(header)}. Correct the first line.`,
      )
    }
    this.names = names.map((name) => name.trim())
  }

  get count(): number {
    return this.names.length
  }

  /** Index of a column; the first where several bear the name. -1 where there is none. */
  find(name: string): number {
    return this.names.indexOf(name)
  }

  /** Indices of all the columns of that name. */
  all(name: string): number[] {
    return this.names.flatMap((found, i) => (found === name ? [i] : []))
  }

  /** Throws an ImportError that names every column missing of those asked for. */
  require(names: readonly string[], advice: string): number[] {
    const missing = names.filter((name) => this.find(name) < 0)
    if (missing.length > 0) {
      throw new ImportError(
        `Format '${this.#format}' needs the columns ${names.join(', ')}; the header lacks ${missing.join(', ')}. ` +
          `Found: ${excerpt(this.names.join(', '))}. ${advice}`,
      )
    }
    return names.map((name) => this.find(name))
  }

  /** What to say of a record with another number of fields than the header. */
  countMessage(found: number): string {
    return `The record has ${found} fields, the header ${this.count}. Quote fields that hold the delimiter, or correct the record.`
  }
}

function excerpt(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)} ...` : text
}
