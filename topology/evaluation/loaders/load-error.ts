import { ImportError } from '../../importers/importer.ts'

/** A file of answers or predictions can't be used as it is. The message names the file and, where known, line and column. */
export class LoadError extends ImportError {
  override name = 'LoadError'

  /** `line` is 1-based and counts the header. */
  constructor(file: string, where: { line?: number; column?: string }, what: string, options?: ErrorOptions) {
    const line = where.line === undefined ? '' : `, line ${where.line}`
    const column = where.column === undefined ? '' : `, column ${where.column}`
    super(`${file}${line}${column}: ${what}`, options)
  }
}
