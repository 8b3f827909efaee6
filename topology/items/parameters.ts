import { rowsOf } from '../models/columns.ts'

/** What a version of `irt` or `elo` knows of items and topics. */
export interface ItemScale {
  items: ReadonlyMap<string, ItemParameters>
  /** Where the ability of a topic starts, logits: how easy the topic is. */
  starts: ReadonlyMap<string, number>
  /** The same of other topics. */
  start: number
}

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

/** Mean start of an item's topics. */
export function easiness(scale: ItemScale, topics: readonly string[]): number {
  if (topics.length === 0) return scale.start
  let sum = 0
  for (const t of topics) sum += scale.starts.get(t) ?? scale.start
  return sum / topics.length
}

/**
 * @param parameters the version's parameters as JSON; null: the model's defaults, which know no item
 * @throws Error that names the field that does not fit
 */
export function itemScale(parameters: string | null): ItemScale {
  const items = new Map<string, ItemParameters>()
  const starts = new Map<string, number>()
  if (parameters === null) return { items, starts, start: 0 }
  const json = JSON.parse(parameters) as { start?: unknown }
  const known = (x: number) => (x < 0 ? null : x)
  for (const [name, r] of rowsOf(json, 'items', COLUMNS))
    items.set(name, {
      difficulty: r.difficulty,
      discrimination: r.discrimination,
      guessing: r.guessing,
      difficultySe: known(r.difficultySe) ?? known(r.se),
      discriminationSe: known(r.discriminationSe),
      guessingSe: known(r.guessingSe),
      answers: known(r.answers),
    })
  for (const [name, r] of rowsOf(json, 'topics', { start: NUMBER })) starts.set(name, r.start)
  return { items, starts, start: typeof json.start === 'number' ? json.start : 0 }
}
