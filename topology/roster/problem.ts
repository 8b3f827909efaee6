/** One thing in a roster that is wrong, or that was accepted although it is not as the standard says. Holds no name. */
export interface Problem {
  /** An error keeps the whole roster out; a warning does not. */
  level: 'error' | 'warning'
  file: string
  /** Line of the file, the header is 1; null: the file as a whole, or the version in force. */
  row: number | null
  column: string | null
  what: string
  /** What would be right, or what was taken instead. */
  right: string
}

/** Where a value of a roster stands. */
export interface Place {
  file: string
  row: number | null
}

/** Collects what is wrong, so that all of it is told at once. */
export class Problems {
  readonly #all: Problem[] = []

  error(at: Place, column: string | null, what: string, right: string): void {
    this.#all.push({ level: 'error', file: at.file, row: at.row, column, what, right })
  }

  warn(at: Place, column: string | null, what: string, right: string): void {
    this.#all.push({ level: 'warning', file: at.file, row: at.row, column, what, right })
  }

  /** By file and row, errors first where they share one. */
  get all(): Problem[] {
    const order = (p: Problem) => (p.level === 'error' ? 0 : 1)
    return [...this.#all].sort(
      (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || (a.row ?? 0) - (b.row ?? 0) || order(a) - order(b),
    )
  }

  get errors(): Problem[] {
    return this.all.filter((p) => p.level === 'error')
  }

  get warnings(): Problem[] {
    return this.all.filter((p) => p.level === 'warning')
  }

  get failed(): boolean {
    return this.#all.some((p) => p.level === 'error')
  }
}

export function problemLine(p: Problem): string {
  const row = p.row === null ? '' : `, row ${p.row}`
  const column = p.column === null ? '' : `, column ${p.column}`
  return `${p.level} in ${p.file}${row}${column}: ${p.what}. ${p.right}`
}

/** The roster was refused as a whole; nothing was changed. */
export class RosterRefused extends Error {
  override name = 'RosterRefused'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const errors = problems.filter((p) => p.level === 'error')
    super(`The roster was refused for ${errors.length} errors; nothing was changed.`)
    this.problems = problems
  }
}

/** Quotes a value that is no name, shortened. */
export const quoted = (value: string): string => `"${value.length > 60 ? `${value.slice(0, 57)}...` : value}"`
