import { describe, expect, it } from 'vitest'
import { evaluate } from '../evaluate.ts'
import { type DataFacts, type Evaluation, parseEvaluation } from '../evaluation.ts'
import { byColumn } from '../slices.ts'
import { answersOf, logOf } from '../testing/answers.ts'
import { reportHtml } from './report.ts'
import { niceTicks } from './svg.ts'

const school = logOf(answersOf(3, { students: 30, answers: 30 }))
const NASTY = '<script>"&\''

function made(ids: readonly string[], log = school): Evaluation {
  const facts: DataFacts = {
    files: [{ name: `${NASTY}.csv`, bytes: 1, sha256: 'ab'.repeat(32) }],
    format: 'csv',
    answers: log.size,
    students: 30,
    items: 40,
    topics: 5,
    rate: 0.5,
    from: 0,
    to: 86_400_000,
    untagged: 2,
    rejected: 0,
  }
  const steps = evaluate(
    log,
    ids.map((id, i) => ({
      id,
      about: `about ${id}`,
      source: 'file',
      p: Float64Array.from(log.correct, (y, r) => 0.4 + 0.02 * i * y + (r % 20) / 100),
      fold: null,
      fit_seconds: 1,
      predict_seconds: 1,
      artefact_sha256: null,
      artefact_bytes: null,
      ...(i === 1
        ? { training: [1, 2, 3].map((at) => ({ series: id, unit: 'epochs', at, loss: 0.7 - at / 100 })) }
        : {}),
    })),
    { seed: 1, draws: 40, level: 0.95, bins: 10, groups: new Map([[NASTY, byColumn(log, log.students)]]) },
  )
  for (;;) {
    const { done, value } = steps.next()
    if (!done) continue
    return {
      schema: 1,
      task: 'a task',
      protocol: { kind: 'train and test files', folds: null, seed: 1, draws: 40, level: 0.95, bins: 10 },
      data: { train: null, test: facts, students_in_both: 0 },
      ...value,
    }
  }
}

/** Tags that open and close, in order; void ones aside. */
function unbalanced(page: string): string[] {
  const open: string[] = []
  const wrong: string[] = []
  for (const [, close, name, self] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g)) {
    if (self || ['meta', 'br'].includes(name!)) continue
    if (!close) open.push(name!)
    else if (open.pop() !== name) wrong.push(name!)
  }
  return [...wrong, ...open]
}

describe('the report', () => {
  const page = reportHtml(made(['one', NASTY, 'three']))

  it('needs nothing but itself', () => {
    expect(page).not.toMatch(/https?:|<script|<link|@import|url\(|src=|href=/)
  })

  it('is well formed, and shows names as they are', () => {
    expect(unbalanced(page)).toEqual([])
    expect(page).toContain('&#60;script&#62;&#34;&#38;&#39;')
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/)
  })

  it('draws the loss during a fit, of models that told it', () => {
    expect(page).toContain('<h2>Fitting</h2>')
    expect(page).toMatch(/2 epochs: 0\.6800/)
    expect(reportHtml(made(['one']))).not.toContain('Fitting')
  })

  it('has a picture for whoever can not see it in words', () => {
    const pictures = [...page.matchAll(/<svg[^>]*>/g)].map((m) => m[0])
    expect(pictures.length).toBeGreaterThan(8)
    for (const p of pictures) expect(p).toMatch(/aria-label="[^"]+"/)
  })

  it('says first which is best, and whether that is clear', () => {
    expect(page).toMatch(/class="lead">three tells correct from wrong answers best: AUC 0\.\d{4}/)
    expect(page).toMatch(/clear of zero/)
  })

  it('works for one model and for many', () => {
    expect(unbalanced(reportHtml(made(['alone'])))).toEqual([])
    const many = reportHtml(made(Array.from({ length: 8 }, (_, i) => `model-${i}`)))
    expect(many).toContain('Only pairs with model-7 are drawn')
    expect(many).not.toMatch(/NaN|undefined/)
  })

  it('works for a handful of answers, all alike', () => {
    const few = reportHtml(made(['one', 'two'], logOf(answersOf(1, { students: 2, answers: 3, allRight: true }))))
    expect(unbalanced(few)).toEqual([])
    expect(few).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('works for what was read back from JSON, where no number is null', () => {
    const e = made(['one', 'two'])
    e.models['one']!.auc_without_first_encounters = Number.NaN
    e.slices.history.slices[0]!.models['one']!.auc = Number.NaN
    const back = parseEvaluation(JSON.stringify(e))
    expect(back).toEqual(e)
    expect(reportHtml(back)).not.toMatch(/NaN|undefined|null/)
    expect(() => parseEvaluation('{"schema":2}')).toThrow(/schema 2/)
  })
})

describe('ticks', () => {
  it('are round and cover the range', () => {
    expect(niceTicks(0.61, 0.79, 5)).toEqual([0.6, 0.65, 0.7, 0.75, 0.8])
    expect(niceTicks(-0.013, 0.094, 6)).toEqual([-0.02, 0, 0.02, 0.04, 0.06, 0.08, 0.1])
    expect(niceTicks(1, 1, 5)[0]).toBeLessThanOrEqual(1)
  })
})
