import { patternProblem } from './pattern.ts'
import { type Pointer, parsePointer } from './pointer.ts'

type Given = Readonly<Record<string, unknown>>
const MOST = 100

/** Collects what is wrong, and reads fields of one object. */
export class Check {
  readonly problems: string[]
  readonly #given: Given
  readonly #at: string
  readonly #known = new Set<string>()

  constructor(given: unknown, at: string, problems: string[]) {
    this.problems = problems
    this.#at = at
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
    if (!isObject) problems.push(`${at || 'a fix'} is no object`)
    this.#given = isObject ? (given as Given) : {}
  }

  fail(name: string, problem: string): void {
    this.problems.push(`${this.#at}${this.#at ? '.' : ''}${name} ${problem}`)
  }

  value(name: string): unknown {
    this.#known.add(name)
    return Object.hasOwn(this.#given, name) ? this.#given[name] : undefined
  }

  text(name: string, otherwise?: string): string {
    const v = this.value(name)
    if (v === undefined && otherwise !== undefined) return otherwise
    if (typeof v === 'string') return v
    this.fail(name, v === undefined ? 'is missing' : 'is no text')
    return ''
  }

  oneOf<T extends string>(name: string, of: readonly T[], otherwise: T): T {
    const v = this.value(name) ?? otherwise
    if (of.includes(v as T)) return v as T
    this.fail(name, `is none of ${of.join(', ')}`)
    return otherwise
  }

  /** One text or a list of them. */
  texts(name: string, otherwise: readonly string[] = []): readonly string[] {
    const v = this.value(name)
    if (v === undefined) return otherwise
    const list = Array.isArray(v) ? v : [v]
    if (list.every((x) => typeof x === 'string')) return list
    this.fail(name, 'is neither a text nor a list of texts')
    return []
  }

  list(name: string): readonly unknown[] {
    const v = this.value(name)
    if (v === undefined) return []
    if (!Array.isArray(v)) this.fail(name, 'is no list')
    else if (v.length > MOST) this.fail(name, `has more than ${MOST} entries`)
    else return v
    return []
  }

  pointer(name: string): Pointer {
    const text = this.text(name)
    const p = text === '' ? null : parsePointer(text)
    if (p === null && text !== '') this.fail(name, 'is no JSON pointer such as /score/given')
    return p ?? ['']
  }

  pattern(name: string): RegExp {
    const v = this.value(name)
    const problem = patternProblem(v)
    if (problem === null) return new RegExp(v as string, 'gu')
    this.fail(name, problem)
    return /$^/u
  }

  /** Misspelt fields would otherwise be passed over. */
  nothingElse(): void {
    for (const name of Object.keys(this.#given))
      if (!this.#known.has(name)) this.fail(name.slice(0, 60), 'is not known')
  }
}
