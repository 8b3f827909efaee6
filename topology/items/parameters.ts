import { rowsOf } from '../models/columns.ts'

/** Parameters of an item under one version of a model. */
export interface ItemParameters {
  /** Logits, against the other items of its topics. */
  difficulty: number
  /** 1 where the model has none. */
  discrimination: number
  /** 0 where the model has none. */
  guessing: number
  /** Standard errors; null where the version does not say. */
  difficultySe: number | null
  discriminationSe: number | null
  guessingSe: number | null
  /** Answers that it was fitted on; null where the version does not say. */
  answers: number | null
}

/** Models whose versions have parameters of items. */
export const ITEM_MODELS: readonly string[] = ['irt', 'elo']

const NUMBER = { low: -1e9, high: 1e9 }
/** Standard errors and counts are 0 or more: -1 stands for a column that is not there. */
const UNKNOWN = { low: -1, high: 1e15, otherwise: -1 }
const COLUMNS = {
  difficulty: NUMBER,
  se: UNKNOWN,
  difficultySe: UNKNOWN,
  discrimination: { ...NUMBER, otherwise: 1 },
  discriminationSe: UNKNOWN,
  guessing: { ...NUMBER, otherwise: 0 },
  guessingSe: UNKNOWN,
  answers: UNKNOWN,
}

/**
 * The items of a version of `irt` or `elo`, by name.
 * @param parameters the version's parameters as JSON; null: the model's defaults, which know no item
 * @throws Error that names the field that does not fit
 */
export function itemParameters(parameters: string | null): Map<string, ItemParameters> {
  const out = new Map<string, ItemParameters>()
  if (parameters === null) return out
  const known = (x: number) => (x < 0 ? null : x)
  for (const [name, r] of rowsOf(JSON.parse(parameters), 'items', COLUMNS))
    out.set(name, {
      difficulty: r.difficulty,
      discrimination: r.discrimination,
      guessing: r.guessing,
      difficultySe: known(r.difficultySe) ?? known(r.se),
      discriminationSe: known(r.discriminationSe),
      guessingSe: known(r.guessingSe),
      answers: known(r.answers),
    })
  return out
}
