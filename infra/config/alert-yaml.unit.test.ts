import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPolicy } from '@mastery/topology/alerts/check.ts'
import { policyText, readPolicy } from '@mastery/topology/alerts/policy.ts'
import { describe, expect, it } from 'vitest'
import { readYaml } from './alert-yaml.ts'

const SHIPPED = join(import.meta.dirname, '../../configs/alerts/default.yaml')

function problemsOf(text: string): string[] {
  const file = readYaml(text)
  return file.problems.length > 0 ? file.problems : file.places(checkPolicy(file.value).problems)
}

describe('the rules that ship', () => {
  it('are right, and come out of an artefact as they went in', () => {
    const file = readYaml(readFileSync(SHIPPED, 'utf8'))
    const { policy, problems, notes } = checkPolicy(file.value, { ratios: ['fractions'] })
    expect([problems, notes]).toEqual([[], []])
    expect(policy.rules.map((r) => r.id)).toEqual([
      'struggling',
      'falling',
      'stalled',
      'gap',
      'hasty',
      'absent',
      'class_fell_back',
      'learned',
    ])
    expect(readPolicy(policyText(policy))).toEqual(policy)
    expect(policy.rules[0]).toMatchObject({ enter: 0.45, urgent: 0.2, for: 86_400_000, cooldown: 7 * 86_400_000 })
  })
})

describe('a rules file', () => {
  it('gives every mistake at once, at its line, with what would be right', () => {
    const found = problemsOf(`version: 2
mastered: 1.5
rules:
  - id: low
    kind: mastery_below
    enter: 0.6
    leave: 0.5
    evidence:
      attempts: 1
      sesions: 2
    for: one day
    to: [teacher, principal]
  - id: low
    kind: stalled
    urgnet: 50
  - kind: falling
  - id: later
    kind: item_health
  - id: typo
    kind: inactve
overrides:
  - rules: {low: {enter: 0.3}, none: {}}
breaks:
  - {from: 2026-07-01, until: 2026-06-01}
`)
    expect(found).toEqual([
      'line 1: version is 2; right would be a whole number from 1 to 1',
      'line 2: mastered is 1.5; right would be a number from 0 to 1',
      'line 7: rules[0].leave is 0.5; right would be more than 0.6, at which it begins',
      'line 9: rules[0].evidence.attempts is 1; right would be a whole number from 2 to 10000',
      'line 10: rules[0].evidence.sesions is not known here; "sessions" is',
      'line 11: rules[0].for is "one day"; right would be a time from 0 to 366d, such as 30m, 24h or 7d',
      'line 12: rules[0].to is ["teacher","principal"]; right would be a list of one or more of teacher, guardian, student',
      'line 13: rules[1].id is "low" a second time',
      'line 15: rules[1].urgnet is not known here; "urgent" is',
      'line 16: rules[2] lacks "id": a name of up to 100 letters, digits, ".", "_" and "-"',
      `line 18: rules[3].kind is "item_health", which this build does not decide yet: items are looked at in gold, and their alerts' stage is not there yet. Take the rule out`,
      'line 20: rules[4].kind is "inactve"; right would be "inactive"',
      'line 22: overrides[0] names neither schools nor grades; change the rules themselves',
      'line 22: overrides[0].rules.none is no rule of this file; there are low',
      'line 24: breaks[0].until is not after its first day',
    ])
  })

  it.each(['item_health', 'item_drift', 'model_drift', 'data_quality', 'pipeline'])(
    'with the kind %s, which comes later, is refused and says so',
    (kind) => {
      expect(problemsOf(`version: 1\nrules:\n  - id: a\n    kind: ${kind}\n`)[0]).toMatch(/does not decide yet: /)
    },
  )

  it('that is no YAML, or nothing, says so', () => {
    expect(problemsOf('rules: [')[0]).toMatch(/^line 1: /)
    expect(problemsOf('')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^line 1: the file must have version/)]),
    )
    expect(problemsOf('a: &a [x, x]\nb: &b [*a, *a, *a]\n').length).toBeGreaterThan(0)
  })

  it('overrides keep what they do not change', () => {
    const file = readYaml(`version: 1
rules:
  - {id: low, kind: mastery_below, evidence: {attempts: 20, sessions: 3}}
overrides:
  - schools: [s1]
    rules: {low: {evidence: {attempts: 12}, enabled: false}}
`)
    const { policy, problems } = checkPolicy(file.value)
    expect(problems).toEqual([])
    expect(policy.overrides[0]!.rules['low']).toEqual({
      evidence: { attempts: 12, sessions: 3, time: 86_400_000 },
      enabled: false,
    })
  })
})
