import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { ROW_MARK, type RowCursor, readRows } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import type { Predictions } from '@mastery/topology/evaluation/evaluate.ts'
import type { Evaluation } from '@mastery/topology/evaluation/evaluation.ts'
import { NO_TOPIC } from '@mastery/topology/evaluation/loaders/answer-file.ts'
import { AnswerTable } from '@mastery/topology/evaluation/loaders/answer-table.ts'
import { LoadError } from '@mastery/topology/evaluation/loaders/load-error.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { AnswerRange } from '../training/gold-answers.ts'
import { measureInThread } from './measure-worker.ts'
import { factsOf } from './read-answers.ts'
import { sharedLog } from './shared-log.ts'

export interface PrequentialPlan extends AnswerRange {
  generation: number
  seed: number
  draws: number
  signal: AbortSignal
  onProgress(phase: 'reading' | 'measuring', fraction: number, detail: string): void
}

export interface PrequentialResult {
  evaluation: Evaluation
  log: AnswerLog
  predictions: Predictions[]
  /** Answers that some model did not predict: they are left out, so that all are measured on the same. */
  partial: number
}

const LEVEL = 0.95
const BINS = 10
const DAY = 86_400_000
/** Up to so many days the course is shown by week, beyond by month. */
const BY_WEEK_DAYS = 120

/**
 * Measures what the stream, or a replay, predicted before each answer, with the versions that were in force at that place
 * (Dawid, Journal of the Royal Statistical Society A 147, 1984: prequential). Nothing is computed anew, so that it speaks
 * of what readers were shown; slices by time show whether a model grew better or worse.
 * @throws LoadError where gold has no predictions of the generation
 */
export async function runPrequential(
  gold: GoldStore & HistorySource,
  plan: PrequentialPlan,
): Promise<PrequentialResult> {
  plan.onProgress('reading', 0, `predictions of generation ${plan.generation}`)
  const table = new AnswerTable()
  const rows: Row[] = []
  for await (const some of readRows(gold.stream(sql(plan), 'RowBinary'), readRow)) for (const r of some) rows.push(r)
  const models = [...new Set(rows.flatMap((r) => r.models))]
  const whole = rows.filter((r) => r.models.length === models.length)
  if (whole.length === 0)
    throw new LoadError(
      `generation ${plan.generation}`,
      {},
      `Gold has no predictions of it in that range${rows.length > 0 ? ' that all its models made' : ''}. "npx mastery generations" lists the generations.`,
    )
  whole.forEach((r, i) => {
    table.add(r.student, r.item === '' ? null : r.item, r.correct, r.at, i)
    for (const t of r.topics.length === 0 ? [NO_TOPIC] : r.topics) table.topic(t)
  })
  const log = sharedLog(table.build({ clock: true, byTime: false, instants: true }))
  const predictions = models.map((id): Predictions => {
    const versions = new Set(whole.map((r) => r.versions[r.models.indexOf(id)]!))
    return {
      id,
      about: `As the stream predicted, with ${[...versions].join(', ')}.`,
      source: 'loaded',
      p: Float64Array.from(log.row, (i) => whole[i]!.p[whole[i]!.models.indexOf(id)]!),
      ...{ fold: null, fit_seconds: null, predict_seconds: null, artefact_sha256: null, artefact_bytes: null },
    }
  })
  const facts = factsOf('gold', [], { log, untagged: whole.filter((r) => r.topics.length === 0).length, rejected: 0 })
  const measured = await measureInThread(
    {
      ...{ log, given: predictions, predictors: [], seed: plan.seed, draws: plan.draws, level: LEVEL, bins: BINS },
      columns: [period(whole, facts.from ?? 0, facts.to ?? 0)],
    },
    { signal: plan.signal, onProgress: (f, m) => plan.onProgress('measuring', f, m) },
  )
  const evaluation: Evaluation = {
    schema: 1,
    task: 'Is the next answer correct, as predicted by the stream before the answer was seen?',
    protocol: { kind: 'prequential', folds: null, seed: plan.seed, draws: plan.draws, level: LEVEL, bins: BINS },
    data: { train: null, test: facts, students_in_both: 0 },
    ...measured,
  }
  const { groups } = evaluation.slices
  for (const t of Object.values(groups)) t.slices.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { evaluation, log, predictions, partial: rows.length - whole.length }
}

function period(rows: readonly Row[], from: number, to: number): [string, string[]] {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10)
  if (to - from > BY_WEEK_DAYS * DAY) return ['month', rows.map((r) => day(r.at).slice(0, 7))]
  // The Monday on or before it: 1970-01-05 was one.
  const monday = (at: number) => day(at - ((((at - 4 * DAY) % (7 * DAY)) + 7 * DAY) % (7 * DAY)))
  return ['week from', rows.map((r) => monday(r.at))]
}

interface Row {
  student: string
  item: string
  topics: string[]
  correct: boolean
  at: number
  models: string[]
  versions: string[]
  p: number[]
}

function sql({ generation, from, to }: PrequentialPlan): string {
  const time = [
    from === undefined ? '' : ` AND occurred_at >= fromUnixTimestamp64Milli(${Math.trunc(from)})`,
    to === undefined ? '' : ` AND occurred_at < fromUnixTimestamp64Milli(${Math.trunc(to)})`,
  ].join('')
  return `
    SELECT toUInt8(${ROW_MARK}), student_id, ifNull(item, ''), arrayMap(t -> toString(t), topics), toUInt8(correct),
      toFloat64(toUnixTimestamp64Milli(occurred_at)), arrayMap(s -> toString(s), score_sources),
      arrayMap(v -> toString(v), model_versions), probabilities
    FROM (SELECT * FROM next_correct_prediction_rows FINAL WHERE generation = ${Math.trunc(generation)}${time}) AS p
    LEFT JOIN (SELECT student_id, event_id, any(topics) AS topics FROM learning_events FINAL GROUP BY student_id, event_id) AS e
    USING (student_id, event_id)
    ORDER BY student_id, occurred_at, src_partition, src_offset, ordinal`
}

function readRow(c: RowCursor): Row {
  const student = c.repeated(0)
  const item = c.repeated(1)
  const many = (slot: number) => Array.from({ length: c.size() }, () => c.repeated(slot))
  const topics = many(2)
  const correct = c.flag()
  const at = c.float64()
  const models = many(3)
  const versions = many(4)
  return {
    student,
    item,
    topics,
    correct,
    at,
    models,
    versions,
    p: Array.from({ length: c.size() }, () => c.float64()),
  }
}
