import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { SignalSubject } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import { describe, expect, it } from 'vitest'
import { PIPELINE_MEASURES } from '../alerts/watch-rule.ts'
import { policyOf } from '../testing/alert-log.ts'
import { exampleDelivery } from '../testing/notifier-contract.ts'
import { MINUTE, noticesOf, OpsRecords, took, watched } from '../testing/watch-log.ts'
import { LANGUAGES, type Language } from './names.ts'
import { render } from './render.ts'
import { SYSTEM_GERMAN } from './system-words-de.ts'
import { SYSTEM_ENGLISH } from './system-words-en.ts'
import { plainWords } from './words.ts'

const START = Date.parse('2026-10-05T08:00:00Z')
const at = (minutes: number) => START + minutes * MINUTE
const NAMES = { person: () => null, title: (id: string) => id, topic: () => 'Fractions' }

const begun = (rule: Record<string, unknown>) =>
  new OpsRecords().roster().policy(policyOf({ rules: [{ id: 'r', ...rule }] }))
const said = (n: Notice, language: Language = 'en') =>
  plainWords({ ...n, mutes: 0, place: 'text' }, language, NAMES, n.role)
const notices = (log: OpsRecords) => noticesOf(watched(log.all))

const found = (
  subject: string,
  findings: string[],
  figures: SignalSubject['figures'],
  topic: string | null = null,
) => ({
  subject,
  topic,
  findings,
  figures,
  since: at(-20_160),
})

describe('what operators and owners of items read', () => {
  it('of a part: which, what, the figures, since when, and what to do', () => {
    const slow = begun({ kind: 'pipeline', measure: 'latency_p99' }).metrics(at(0), at(10), { latency: took(900, 400) })
    expect(said(notices(slow)[0]!)).toEqual({
      headline: 'scoring is slow.',
      evidence: [
        '99 of 100 operations took up to 1 s; the line that was set is 500 ms.',
        'This rests on 3,600 operations within 5 min.',
        'It began on 5 October at 08:00 UTC.',
      ],
      next: 'Look at "npx mastery pipeline": whether scoring has more to do than before, or the machine has less to give.',
    })
  })

  it('of a part that stands still: the reason that it gives, in words of the build', () => {
    const stopped = {
      service: 'embedded',
      stopped: 1,
      problem: 'learning.features/2: a dead letter could not be written',
    }
    const [n] = notices(begun({ kind: 'pipeline', measure: 'stopped' }).metrics(at(0), at(10), stopped))
    expect(said(n!, 'de')).toMatchObject({
      headline: 'Partitionen von scoring stehen still.',
      evidence: [
        '1 Partition steht still.',
        'Der genannte Grund: learning.features/2: a dead letter could not be written',
        'Es sind 4 Partitionen.',
        'Es läuft im Dienst embedded.',
        'Es begann am 5. Oktober um 08:00 UTC.',
      ],
    })
  })

  it('of events that cannot be read: commands for operators, none for teachers', () => {
    const sources = [{ tenant: 'school', source: 'canvas', accepted: 90, rejected: 12 }]
    const given = { part: 'collector', service: 'collector', sources }
    const rule = { kind: 'data_quality', measure: 'rejected', to: ['operator', 'teacher'] }
    const both = notices(begun(rule).metrics(at(0), at(10), given))
    expect(both.map((n) => n.role)).toEqual(['teacher', 'operator'])
    expect(said(both[1]!)).toEqual({
      headline: "Many events of canvas can't be read.",
      evidence: [
        '12 % of them were refused, 24 in all; the line that was set is 5 %.',
        'This rests on 204 events within 1 h.',
        'It began on 5 October at 08:00 UTC.',
      ],
      next: '"npx mastery rejects list --summary" says why, and what can be done; once it is mended, "npx mastery rejects replay --all" sends them again.',
    })
    expect(said(both[0]!).next).not.toContain('npx')
  })

  it('of inputs and models that have changed: which, by how much, and that it is over', () => {
    const inputs = begun({ kind: 'data_quality', measure: 'drift' })
      .look(at(0), 'data_drift', [
        found('missing/response_time', ['missing'], [{ code: 'psi_deciles', value: 0.2134 }]),
      ])
      .look(at(60), 'data_drift', [])
    expect(notices(inputs).map((n) => said(n))).toMatchObject([
      {
        headline: 'What comes in has changed in 1 respect.',
        evidence: [
          'missing/response_time: more is missing than before (PSI over deciles 0.213).',
          'It began on 21 September at 08:00 UTC.',
        ],
      },
      { headline: 'What comes in is as it was.', evidence: [], next: null },
    ])
    const model = begun({ kind: 'model_drift' })
      .look(at(0), 'model_drift', [
        found('blend@3', ['quality', 'score/mastery'], [{ code: 'log_loss', value: 0.6123 }]),
      ])
      .look(at(60), 'model_drift', [])
    expect(said(notices(model)[0]!).evidence[0]).toBe(
      'blend@3: predictions have become worse; its scores have moved (mastery) (log loss 0.612).',
    )
    expect(notices(model).map((n) => said(n).headline)).toEqual([
      'The model blend@3 does not work as it did.',
      'The model blend@3 works as before.',
    ])
  })

  it('of items: the worst five, how many more, and the key first where it may be wrong', () => {
    const wrong = 'abcdefg'.split('').map((x) =>
      found(
        `item-${x}`,
        ['negative_discrimination'],
        [
          { code: 'answers', value: 1214 },
          { code: 'point_biserial', value: -0.3123 },
        ],
        'fractions',
      ),
    )
    const [n] = notices(begun({ kind: 'item_health' }).look(at(0), 'item_health', wrong))
    const { headline, evidence, next } = said(n!)
    expect(headline).toBe('7 items on Fractions should be looked at.')
    expect(evidence).toHaveLength(7)
    expect(evidence[0]).toBe(
      'item-a: abler students get it right less often, so that the key may be wrong (answers 1,214, correlation with ability -0.312).',
    )
    expect(evidence.slice(5)).toEqual(['2 further ones are not named here.', 'It began on 21 September at 08:00 UTC.'])
    expect(next).toMatch(/^Look at the key first: .*"npx mastery items show item-a"/)
    const shift = [{ code: 'difficulty_shift', value: 0.6234 }]
    const harder = found('i', ['drift', 'harder'], shift, 'fractions')
    const moved = begun({ kind: 'item_drift' }).look(at(0), 'item_drift', [harder])
    expect(said(notices(moved)[0]!).evidence[0]).toBe('i: it has become harder (shift of difficulty in logits 0.623).')
    expect(said(notices(moved)[0]!).next).not.toContain('key')
  })

  it('of an alert whose rule is gone: just that', () => {
    const log = begun({ kind: 'item_drift' }).look(at(0), 'item_drift', [found('i', ['harder'], [], 'fractions')])
    log.policy(policyOf({ rules: [] }), 'p2')
    expect(said(notices(log)[1]!)).toEqual({
      headline: 'The rule that told of this is no longer in force.',
      evidence: ['It began on 5 October at 08:00 UTC.'],
      next: null,
    })
  })

  it.each(LANGUAGES)('has words for every measure, at its beginning and its end, in %s', (language) => {
    const p = { en: SYSTEM_ENGLISH, de: SYSTEM_GERMAN }[language]
    for (const m of PIPELINE_MEASURES)
      for (const text of [p.part[m].begins('gold'), p.part[m].ends('gold')]) expect(text).toMatch(/gold.*\.$/)
  })

  it('in a mail: under a heading of its own, and with a subject that names nothing', () => {
    const [n] = notices(begun({ kind: 'pipeline', measure: 'lag' }).metrics(at(0), at(10), { lag: 50_000 }))
    const mail = (severity: string) =>
      render(
        exampleDelivery(1, {
          role: 'operator',
          kind: severity === 'urgent' ? 'urgent' : 'group',
          items: [{ ...n!, mutes: 0, place: 'text', severity }],
        }),
        {
          language: 'en',
          names: NAMES,
          wordsOf: plainWords,
          studentLink: (s) => s,
          inboxLink: 'https://school.example/alerts',
          unsubscribe: null,
        },
      )
    expect(mail('normal').subject).toBe('1 notice on items, data or services')
    expect(mail('normal').text).toContain('The system\n----------\n\nscoring lags behind.\n  - 50,000 records')
    expect(mail('urgent').subject).toBe('Please look now: an urgent notice')
  })
})
