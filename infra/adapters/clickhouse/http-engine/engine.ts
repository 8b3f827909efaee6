import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Session, version } from 'chdb'
import { ENGINE_ARGUMENTS } from '../engine-arguments.ts'
import { emptyStandardInput } from '../standard-input.ts'
import { EngineError } from './errors.ts'
import { quote } from './statement.ts'

/** What is set on a connection before its statement. Values are as in the URL; parameters in TSV escaping. */
export type Scope = {
  database: string | null
  settings: ReadonlyMap<string, string>
  parameters: ReadonlyMap<string, string>
  readonly: boolean
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * The embedded engine over one data folder. Every statement gets a connection of its own (1.6 ms), so that SET, USE
 * and parameters of one caller never meet another's: chdb's own parameter binding is process-wide, SET is not.
 */
export class Engine {
  readonly version: string
  readonly #path: string
  readonly #keepAlive: Session
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** @throws Error that names who holds the folder, where another process does. */
  constructor(path: string, concurrency: number) {
    this.#path = path
    this.#limit = concurrency
    emptyStandardInput()
    // The engine shuts down with its last connection and takes 0.3 s to start.
    this.#keepAlive = open(path)
    this.version = version().libchdb.replaceAll('"', '')
  }

  get running(): number {
    return this.#running
  }

  /** Runs `work` on a fresh connection with the scope applied; waits while `concurrency` others run. */
  async within<T>(scope: Scope, work: (session: Session) => Promise<T>): Promise<T> {
    await this.#enter()
    try {
      const session = new Session(this.#path)
      try {
        for (const statement of prologue(scope)) await session.queryAsync(statement)
        return await work(session)
      } finally {
        session.close()
      }
    } finally {
      this.#leave()
    }
  }

  close(): void {
    this.#keepAlive.close()
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#limit) {
      this.#running += 1
      return
    }
    // The leaver hands its place over, so the count does not change.
    await new Promise<void>((resume) => this.#waiting.push(resume))
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running -= 1
    else next()
  }
}

function open(path: string): Session {
  try {
    return new Session(path, { connectionArgs: [...ENGINE_ARGUMENTS] } as never)
  } catch (cause) {
    throw new Error(whyClosed(path), { cause })
  }
}

/** The engine itself writes its reason to stderr only; of the process that has the folder its status file tells. */
function whyClosed(path: string): string {
  const holder = holderOf(path)
  return holder === null
    ? `The ClickHouse engine cannot open ${path}; its own reason ("Code: ...") stands above.`
    : `The ClickHouse engine cannot open ${path}: process ${holder} has it open, and only one may. End that process first.`
}

/** The process that has the folder open, or had when it was killed: null where that one is gone. */
function holderOf(path: string): number | null {
  try {
    const pid = Number(/PID: (\d+)/.exec(readFileSync(join(path, 'status'), 'utf8'))?.[1])
    process.kill(pid, 0)
    return pid
  } catch {
    return null
  }
}

function prologue(scope: Scope): string[] {
  const statements: string[] = []
  if (scope.database !== null) statements.push(`USE \`${scope.database.replace(/[\\`]/g, '\\$&')}\``)
  const assignments: string[] = []
  for (const [name, value] of scope.settings) assignments.push(`${identifier(name)} = ${quote(value)}`)
  for (const [name, value] of scope.parameters) assignments.push(`param_${identifier(name)} = ${quote(value)}`)
  if (assignments.length > 0) statements.push(`SET ${assignments.join(', ')}`)
  if (scope.readonly) statements.push('SET readonly = 2')
  return statements
}

function identifier(name: string): string {
  if (IDENTIFIER.test(name)) return name
  throw new EngineError(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'`)
}
