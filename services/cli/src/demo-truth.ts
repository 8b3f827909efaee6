import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { explainInWords } from '@mastery/topology/features/words.ts'
import type { School } from '@mastery/topology/school/school.ts'
import { currentScores } from './current-scores.ts'

/** Pearson's correlation; 0 where one side does not vary. */
export function correlation(x: readonly number[], y: readonly number[]): number {
  const n = x.length
  let mx = 0
  let my = 0
  for (let i = 0; i < n; i++) {
    mx += x[i]! / n
    my += y[i]! / n
  }
  let xx = 0
  let yy = 0
  let xy = 0
  for (let i = 0; i < n; i++) {
    xx += (x[i]! - mx) * (x[i]! - mx)
    yy += (y[i]! - my) * (y[i]! - my)
    xy += (x[i]! - mx) * (y[i]! - my)
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0
}

/** How well the scores recovered the school's true chances of a correct answer, beside two yardsticks. */
export async function compareWithTruth(installation: Installation, school: School) {
  const truths = [...school.truth()]
  const byStudent = new Map<string, Map<string, TopicScore>>()
  const truth: number[] = []
  const percent: number[] = []
  const ideal: number[] = []
  const perModel = new Map<string, number[]>()
  let missing = 0
  for (const t of truths) {
    let rows = byStudent.get(t.pseudonym)
    if (!rows) {
      const found = await currentScores(installation, t.pseudonym)
      rows = new Map((found?.topics ?? []).map((r) => [r.topic, r]))
      byStudent.set(t.pseudonym, rows)
    }
    const row = rows.get(t.topic)
    if (!row) {
      missing++
      continue
    }
    truth.push(t.trueProbability)
    percent.push(t.percentCorrect)
    ideal.push(t.idealMastery)
    for (const s of row.scores) {
      const list = perModel.get(s.model) ?? []
      list.push(s.mastery)
      perModel.set(s.model, list)
    }
  }
  const example = truths[0]!
  const rows = [...(byStudent.get(example.pseudonym)?.values() ?? [])]
  return {
    correlations: {
      truth_correlation: correlation(perModel.get('blend') ?? [], truth),
      truth_correlation_by_model: Object.fromEntries([...perModel].map(([m, xs]) => [m, correlation(xs, truth)])),
      percent_correct_correlation: correlation(percent, truth),
      ideal_correlation: correlation(ideal, truth),
      truth_rows: truth.length,
      truth_rows_missing: missing,
    },
    example: {
      student: example.student,
      topics: rows.map((r) => ({
        topic: r.topic,
        name: school.topics.find((t) => t.id === r.topic)?.name ?? r.topic,
        mastery: r.scores.at(-1)!.mastery,
        uncertainty: r.uncertainty,
        standing: r.standing,
        opportunities: r.opportunities,
        why: explainInWords(r).text,
        truth: truths.find((t) => t.pseudonym === example.pseudonym && t.topic === r.topic)?.trueProbability ?? null,
      })),
    },
  }
}
