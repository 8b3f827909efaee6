import type { TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { describe, expect, it } from 'vitest'
import type { DriftWindow, HealthRow, ItemParts } from '../items.ts'
import type { StudentClick } from './clicks.ts'
import { strugglesOf } from './struggles.ts'
import {
  lookedInWords,
  recommendedInWords,
  strugglesInWords,
  suspiciousInWords,
  weakInWords,
  weekInWords,
} from './words.ts'

const at = (minute: number) => Date.UTC(2026, 8, 1, 8, minute)
const click = (item: string, minute: number, more: Partial<StudentClick> = {}): StudentClick => ({
  ...{ at: at(minute), source: 'lms', session: 's', item, kind: 'answer', right: true, topics: ['fractions'] },
  ...{ responseMs: 8000, thresholdMs: 2000, hints: 0, answerRequestMs: null, option: null },
  ...more,
})

describe('what is expected of the week', () => {
  const said = (model: string) =>
    weekInWords({ scores: [{ model, version: 'v', mastery: 0.724 }] } as Partial<TopicScore> as TopicScore)

  it('is told beside mastery, where a forecast is in force', () => {
    expect(said('trees-week')).toBe(
      'trees-week is no mastery: it expects 72 % of the answers on this topic to be right in the 7 days after the latest one.\n',
    )
    expect(said('trees')).toBe('')
  })
})

describe('items a student struggled with', () => {
  const clicks = [
    click('easy', 0),
    click('mended', 1, { right: false }),
    click('helped', 2, { hints: 2 }),
    click('elsewhere', 3, { right: false, topics: ['decimals'] }),
    click('mended', 4),
    click('easy', 5),
    click('asked', 6, { answerRequestMs: 1500, right: false, responseMs: 1900 }),
    click('late', 7),
    click('late', 8, { right: false }),
  ]

  it('are those that were wrong or helped, by their newest such answer', () => {
    expect(
      strugglesOf(clicks, 'fractions', 9).map((s) => [s.item, s.tries, s.right, (s.last.at - at(0)) / 60_000]),
    ).toEqual([
      ['late', 2, 1, 8],
      ['asked', 1, 0, 6],
      ['helped', 1, 1, 2],
      ['mended', 2, 1, 1],
    ])
    expect(strugglesOf(clicks, 'fractions', 2).map((s) => s.item)).toEqual(['late', 'asked'])
    expect(strugglesOf(clicks, 'nothing', 2)).toEqual([])
  })

  it('are told with the health, parameters and drift of the item', () => {
    const health = { status: 'flagged', flags: ['too_hard'], reasons: ['18 % right'], answers: 55, p_value: 0.18 }
    const window = (starts_at: string, shift: number) =>
      ({ period: 'week', starts_at, difficulty_shift: shift, difficulty_shift_se: 0.4 }) as DriftWindow
    const parts: ItemParts = {
      health: { ...health, difficulty_observed: 1.62 } as HealthRow,
      parameters: [
        {
          model: 'irt',
          version: 'v2',
          in_force: false,
          difficulty: -0.04,
          difficulty_se: 0.1,
          discrimination: 1.3,
        } as never,
      ],
      drift: [window('2026-08-03', 0.2), window('2026-08-10', 1.2), { ...window('x', 9), difficulty_shift: null }],
    }
    Object.assign(parts.parameters[0]!, { discrimination_se: 0.2, guessing: 0.15, answers: 50 })
    const text = strugglesInWords(
      strugglesOf(clicks, 'fractions', 2),
      new Map([
        ['asked', parts],
        ['late', null],
      ]),
    )
    expect(text).toContain('  late: 1 of 2 tries right; 2026-09-01 08:08 wrong, 8.0 s\n    nothing is known of it yet')
    expect(text).toContain(
      '  asked: 0 of 1 try right; 2026-09-01 08:06 wrong, answer asked for after 1.5 s, 1.9 s, a rapid guess\n',
    )
    expect(text).toContain(
      "of all students' 55 answers 18 % right, difficulty 1.6 logits; fitted 0.0, discrimination 1.3, guessing 15 % (irt v2, not in force)\n",
    )
    expect(text).toContain('    flagged, too_hard: 18 % right\n')
    expect(text).toContain('drift: harder by 1.2 logits in the week from 2026-08-10 (standard error 0.4)')
  })
})

describe('words about a student', () => {
  const topic = (name: string, standing: string, mastery: number): TopicScore =>
    ({ topic: name, standing, opportunities: 4, scores: [{ model: 'blend', version: 'v', mastery }] }) as never

  it('name the weakest topics first', () => {
    const topics = [
      topic('a', 'weakness', 0.35),
      topic('b', 'strength', 0.9),
      topic('c', 'weakness', 0.2),
      topic('d', 'insufficient', 0.1),
    ]
    expect(weakInWords(topics)).toBe('Weak topics: c (20 % after 4 answers), a (35 % after 4 answers).\n')
    expect(weakInWords([topics[1]!])).toBe('Weak topics: none of 1 with three answers or more.\n')
  })

  it('tell sessions with rapid guesses, and what can not be known without thresholds', () => {
    const session = { from: at(0), to: at(9), answers: 7, rapid: 3, rapidRight: 0, askedAtOnce: 1 }
    const patterns = [{ pattern: 'three fast guesses in a row', times: 2 }]
    expect(suspiciousInWords([{ ...session, patterns }], true)).toBe(
      'Suspicious clicks in sessions with this topic, the newest first\n  2026-09-01 08:00 to 08:09: 3 of 7 answers were rapid guesses, none right; the answer asked for at once 1 time; three fast guesses in a row (2 times)\n',
    )
    expect(suspiciousInWords([], false)).toMatch(/none\. Rapid guesses are not known before "npx mastery items health"/)
  })

  it('show what sakt looked at, and what is recommended', () => {
    const seen = { item: 'q1', topics: ['fractions'], correct: false, at: at(1) }
    const text = lookedInWords({
      ...{ version: 'v3', p: 0.634, looked: 0.9, asked: { ...seen, at: at(5) } },
      past: [{ ...seen, item: 'q0', weight: 0.21, back: 3 }],
    })
    expect(text).toMatch(
      /^sakt v3, asked with what came before, expects 63 % for q1 \(2026-09-01 08:05, wrong\)\. 90 % of/,
    )
    expect(text).toMatch(/3 before +q0 +fractions +2026-09-01 08:01 +wrong +21 %/)
    expect(
      recommendedInWords({ topics: [{ name: 'a', reason: 'weak' }], items: [{ item: 'q2', reason: 'about right' }] }),
    ).toBe('Recommended next\n  a: weak\n  item q2: about right\n')
    expect(recommendedInWords({ topics: [], items: [] })).toBe('')
  })
})
