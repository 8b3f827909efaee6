import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { Learner } from '../../evaluation/learner.ts'
import { minimise } from '../../numeric/lbfgs.ts'
import { encodeJson, type Fitted, parseJson } from '../artefact.ts'
import { once } from '../once.ts'
import { type ByName, checkByName } from '../weights-by-name.ts'
import { logOf, walk } from './counts.ts'

const ID = 'pfa'

/** Weights of features that every row has. */
const SHARED = ['bias', 'right', 'wrong', 'topic_right', 'topic_wrong', 'item_right', 'item_wrong'] as const
/** Weights that each topic has: its easiness, and what a right or a wrong answer on it says. */
const PER_TOPIC = 3

/** Strength of the ridge: half of it times the sum of squared weights is added to the sum of log losses. */
const RIDGE = 1
/** In the units of the search a weight's standard error is about 1: the descent ends a twentieth of it from the bottom. */
const SEARCH = { tolerance: 0.05, iterations: 200 }

export interface PfaWeights extends Fitted {
  shared: ByName
  /** Easiness in logits. */
  items: ByName
  topics: ByName
  topic_right: ByName
  topic_wrong: ByName
}

const LISTS = ['shared', 'items', 'topics', 'topic_right', 'topic_wrong'] as const

/**
 * Logistic regression on log counts of right and wrong answers per topic, per item and in all, with the item's and the
 * topic's easiness: performance factors analysis (Pavlik, Cen & Koedinger, AIED 2009) with items and log counts, the
 * features that Gervet et al. (JEDM 12(3), 2020) call Best-LR. Ridge penalty; the optimum is unique, found by L-BFGS.
 */
export const PFA: Learner<PfaWeights> = {
  id: ID,
  about: 'Logistic regression on counts of right and wrong answers per topic, item and in all, and item easiness.',

  fit(train, run) {
    const columns = columnsOf(train.items.length, train.topics.length)
    const rows = features(train, columns)
    const scale = scalesOf(rows, columns.size)
    const found = minimise(objective(train, rows, scale), new Float64Array(columns.size), SEARCH, (done, value) => {
      run.signal?.throwIfAborted()
      run.progress?.({ phase: 'descent', done, total: SEARCH.iterations, loss: value / train.size })
    })
    const x = found.x.map((u, i) => u * scale[i]!)
    const topic = (k: number) => train.topics.map((name, t) => [name, x[columns.topics + PER_TOPIC * t + k]!] as const)
    return {
      model: ID,
      learner: ID,
      seed: run.seed,
      answers: train.size,
      students: train.students.length,
      shared: SHARED.map((name, i) => [name, x[i]!] as const),
      items: train.items.map((name, i) => [name, x[columns.items + i]!] as const),
      topics: topic(0),
      topic_right: topic(1),
      topic_wrong: topic(2),
    }
  },

  predict(weights, log) {
    const columns = columnsOf(log.items.length, log.topics.length)
    const x = new Float64Array(columns.size)
    const set = (names: readonly string[], known: ByName, at: (i: number) => number) => {
      const weight = byName(known)
      names.forEach((name, i) => {
        x[at(i)] = weight.get(name) ?? 0
      })
    }
    set(SHARED, weights.shared, (i) => i)
    set(log.items, weights.items, (i) => columns.items + i)
    for (const [k, known] of [weights.topics, weights.topic_right, weights.topic_wrong].entries())
      set(log.topics, known, (t) => columns.topics + PER_TOPIC * t + k)
    const { starts, column, value } = features(log, columns)
    const p = new Float64Array(log.size)
    for (let r = 0; r < log.size; r++) {
      let z = 0
      for (let k = starts[r]!; k < starts[r + 1]!; k++) z += x[column[k]!]! * value[k]!
      p[r] = 1 / (1 + Math.exp(-Math.min(Math.max(z, -30), 30)))
    }
    return p
  },

  encode: encodeJson,

  parse: (bytes) =>
    parseJson<PfaWeights>(ID, bytes, (json) => {
      for (const list of LISTS) checkByName(ID, list, json[list])
    }),
}

const byName = once((known: ByName) => new Map(known))

interface Columns {
  items: number
  topics: number
  size: number
}

function columnsOf(items: number, topics: number): Columns {
  const start = SHARED.length
  return { items: start, topics: start + items, size: start + items + PER_TOPIC * topics }
}

/** Features that are not 0, row by row: row r has those from `starts[r]` to `starts[r + 1]`. */
interface Features {
  starts: Int32Array
  column: Int32Array
  value: Float64Array
}

function features(log: AnswerLog, columns: Columns): Features {
  const most = log.size * (SHARED.length + 1) + PER_TOPIC * log.topic.length
  const f: Features = {
    starts: new Int32Array(log.size + 1),
    column: new Int32Array(most),
    value: new Float64Array(most),
  }
  let n = 0
  const put = (column: number, value: number) => {
    if (value === 0) return
    f.column[n] = column
    f.value[n++] = value
  }
  walk(log, (r, c) => {
    put(0, 1)
    put(1, logOf(c.right))
    put(2, logOf(c.wrong))
    const from = log.topicStart[r]!
    const to = log.topicStart[r + 1]!
    // A row with several topics is as one whose topic is their mean.
    const share = 1 / (to - from)
    let right = 0
    let wrong = 0
    for (let k = from; k < to; k++) {
      const t = log.topic[k]!
      const tRight = share * logOf(c.topicRight[t]!)
      const tWrong = share * logOf(c.topicWrong[t]!)
      right += tRight
      wrong += tWrong
      put(columns.topics + PER_TOPIC * t, share)
      put(columns.topics + PER_TOPIC * t + 1, tRight)
      put(columns.topics + PER_TOPIC * t + 2, tWrong)
    }
    put(3, right)
    put(4, wrong)
    const item = log.item[r]!
    if (item >= 0) {
      put(5, logOf(c.itemRight[item]!))
      put(6, logOf(c.itemWrong[item]!))
      put(columns.items + item, 1)
    }
    f.starts[r + 1] = n
  })
  return f
}

/**
 * One over the root of each weight's greatest curvature: searched in these units, weights of common and of rare features
 * are alike, and the descent takes a fraction of the steps.
 */
function scalesOf({ starts, column, value }: Features, size: number): Float64Array {
  const curvature = new Float64Array(size).fill(RIDGE)
  for (let k = 0; k < starts.at(-1)!; k++) curvature[column[k]!]! += (value[k]! * value[k]!) / 4
  return curvature.map((c) => 1 / Math.sqrt(c))
}

/** Sum of log losses and the ridge, which leaves the bias alone, of weights in units of `scale`. */
function objective(log: AnswerLog, { starts, column, value }: Features, scale: Float64Array) {
  const scaled = value.map((v, k) => v * scale[column[k]!]!)
  return (u: Float64Array, gradient: Float64Array): number => {
    let loss = 0
    for (let i = 0; i < u.length; i++) {
      const ridge = i === 0 ? 0 : RIDGE * scale[i]! * scale[i]!
      loss += (ridge * u[i]! * u[i]!) / 2
      gradient[i] = ridge * u[i]!
    }
    for (let r = 0; r < log.size; r++) {
      let z = 0
      for (let k = starts[r]!; k < starts[r + 1]!; k++) z += u[column[k]!]! * scaled[k]!
      const y = log.correct[r]!
      const e = Math.exp(-Math.abs(z))
      loss += Math.log(1 + e) + (z > 0 ? z : 0) - y * z
      const error = (z > 0 ? 1 : e) / (1 + e) - y
      for (let k = starts[r]!; k < starts[r + 1]!; k++) gradient[column[k]!]! += error * scaled[k]!
    }
    return loss
  }
}
