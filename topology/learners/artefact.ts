/** What every artefact of a fitted streaming model says of its making. The model's `parse` reads the rest. */
export interface Fitted {
  /** Id of the streaming model that reads it. */
  model: string
  /** Id of the learner that made it. */
  learner: string
  seed: number
  /** What it was fitted on. */
  answers: number
  students: number
}

/** UTF-8 JSON: doubles are written in the fewest digits that give them back to the bit. */
export function encodeJson(artefact: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(artefact))
}

/**
 * @param check throws an Error that names what does not fit
 * @throws Error where the bytes are no JSON, another learner's, or refused by `check`
 */
export function parseJson<A extends Fitted>(learner: string, bytes: Uint8Array, check: (json: A) => void): A {
  let json: A
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as A
  } catch (cause) {
    throw new Error(`The artefact of learner "${learner}" is not JSON: give the file that the fit wrote.`, { cause })
  }
  if (json?.learner !== learner)
    throw new Error(`The artefact is of learner ${JSON.stringify(json?.learner ?? null)}, not of "${learner}".`)
  check(json)
  return json
}

/** A table by name as the models' `rowsOf` reads it, of the indices that `keep` lets through, to four decimals. */
export function table<C extends string>(
  names: readonly string[],
  columns: Readonly<Record<C, (i: number) => number>>,
  keep: (i: number) => boolean,
): Table<C> {
  const kept = names.flatMap((_, i) => (keep(i) ? [i] : []))
  const made = Object.entries<(i: number) => number>(columns).map(([c, of]) => [
    c,
    kept.map((i) => fourDecimals(of(i))),
  ])
  return { name: kept.map((i) => names[i]!), ...Object.fromEntries(made) } as Table<C>
}

export type Table<C extends string> = { name: string[] } & Record<C, number[]>

/** As parameters are kept: far finer than any standard error, and short, since markers carry them. */
export function fourDecimals(x: number): number {
  return Math.round(x * 1e4) / 1e4
}
