import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../ports/artefact-store.ts'
import { manifest as bare } from '../../testing/artefact-store-contract.ts'
import { evaluate } from '../evaluate.ts'
import type { DataFacts, Evaluation } from '../evaluation.ts'
import { byColumn } from '../slices.ts'
import { answersOf, logOf } from '../testing/answers.ts'
import { modelCard } from './card.ts'

const log = logOf(answersOf(3, { students: 30, answers: 40 }))
/** Names as they might stand in data. */
const NASTY = 'a|b *c* [d](e) <f>'

const facts: DataFacts = {
  files: [],
  format: 'gold',
  answers: log.size,
  students: 30,
  items: 40,
  topics: 5,
  rate: log.correct.reduce((a, b) => a + b, 0) / log.size,
  from: Date.UTC(2025, 8, 1),
  to: Date.UTC(2026, 1, 3),
  untagged: 0,
  rejected: 0,
}

function evaluated(more: Partial<Evaluation['models'][string]> = {}): Evaluation {
  const groups = new Map([
    [
      NASTY,
      byColumn(
        log,
        Array.from({ length: log.size }, (_, r) => (r % 3 === 0 ? NASTY : 'other')),
      ),
    ],
  ])
  const steps = evaluate(
    log,
    [
      {
        id: 'elo',
        about: 'about',
        source: 'fitted',
        p: Float64Array.from(log.correct, (y, r) => 0.35 + 0.2 * y + (r % 20) / 100),
        ...{ fold: null, fit_seconds: null, predict_seconds: null, artefact_sha256: null, artefact_bytes: null },
        training: [1, 2, 3].map((at) => ({ series: 'kept', unit: 'epochs', at, loss: 0.7 - at / 100 })),
      },
    ],
    { seed: 1, draws: 40, level: 0.95, bins: 10, groups },
  )
  for (;;) {
    const { done, value } = steps.next()
    if (!done) continue
    Object.assign(value.models['elo']!, more)
    const protocol = { kind: 'students kept aside', folds: null, seed: 1, draws: 40, level: 0.95, bins: 10 } as const
    return { schema: 1, task: 't', protocol, data: { train: facts, test: facts, students_in_both: 0 }, ...value }
  }
}

type Draft = Omit<Manifest, 'files'>
function draft(more: Partial<Draft> = {}): Draft {
  const m = bare('elo', 'v1')
  return {
    ...m,
    settings: { learner: 'elo', seed: 1, folds: 5 },
    training: { ...m.training, source: 'gold, generation 0', from: facts.from, to: facts.to },
    ...more,
  }
}

const card = (more: Partial<Draft> = {}, evaluation: Evaluation | null = evaluated()) =>
  modelCard({ manifest: draft(more), about: 'A rating.', evaluation })

describe('a model card', () => {
  it('has every part, the figures of the evaluation, and no hole', () => {
    const text = card()
    const heads = [...text.matchAll(/^## (.*)$/gm)].map((m) => m[1])
    expect(heads).toEqual([
      'What it is for',
      'What it was trained on',
      'How it was measured',
      'How good it is',
      'Calibration',
      'On whom',
      'Learning',
      'Limits',
      'Ethics and privacy',
    ])
    const { auc, auc_low, auc_high, ece } = evaluated().models['elo']!
    expect(text).toContain(`| AUC | ${auc.toFixed(4)} | ${auc_low.toFixed(4)} | ${auc_high.toFixed(4)} |`)
    expect(text).toContain(`Expected calibration error ${ece.toFixed(4)}`)
    expect(text).toContain('| 2 | 0.6800 |')
    expect(text).not.toMatch(/NaN|undefined|null|Infinity|\[object/)
  })

  it('shows names of groups as they are, and keeps its tables whole', () => {
    const lines = card().split('\n')
    expect(lines).toContainEqual(expect.stringMatching(/^\| a\\\|b \\\*c\\\* \\\[d\\\]\(e\) \\<f\\> \|/))
    const tables = lines.map((l) => (l.startsWith('|') ? l.replaceAll('\\|', '').split('|').length : 0))
    for (let i = 1; i < tables.length; i++)
      if (tables[i]! > 0 && tables[i - 1]! > 0) expect([lines[i], tables[i]]).toEqual([lines[i], tables[i - 1]])
  })

  it.each([
    [{ gain_log_loss: 0.02, gain_log_loss_low: 0.01, gain_log_loss_high: 0.03 }, /It is \*\*better\*\*: against v0/],
    [{ gain_log_loss: -0.02, gain_log_loss_low: -0.03, gain_log_loss_high: -0.01 }, /It is \*\*worse\*\*: against v0/],
    [{ gain_log_loss: 0.01, gain_log_loss_low: -0.01, gain_log_loss_high: 0.03 }, /can not be told apart.*against v0/],
    [{}, /It was not compared with v0/],
  ])('says what a comparison came to: %j', (metrics, said) => {
    const all = { gain_auc: 0, gain_auc_low: 0, gain_auc_high: 0, ...metrics }
    expect(card({ parent: 'v0', metrics: 'gain_log_loss' in metrics ? all : {} })).toMatch(said)
  })

  it('says which limits follow from data and figures, and only those', () => {
    const plain = card({}, evaluated({ ece: 0.005 }))
    expect(plain).toMatch(/The training answers end on 2026-02-03/)
    expect(plain).not.toMatch(/no clock|sample of whole students|off by/)
    const { training } = draft()
    const odd = card(
      {
        training: { ...training, from: null, to: null },
        settings: { learner: 'elo', seed: 1, folds: 5, sampled_share: 0.0488, max_answers: 5_000_000 },
      },
      evaluated({ ece: 0.081 }),
    )
    expect(odd).toMatch(/no clock/)
    expect(odd).toMatch(/sample of whole students, 4\.88 % of them by hash, since more than 5,000,000 answers/)
    expect(odd).toMatch(/off by 8\.1 % on average/)
  })

  it('of a version without an evaluation says so, with what its manifest has', () => {
    const text = card({}, null)
    expect(text).toMatch(/No evaluation was kept.*[\s\S]*\| auc \| 0\.7500 \|/)
    expect(text).toMatch(/Nothing more was measured: evaluate it/)
  })
})
