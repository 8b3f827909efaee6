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
    expect(policy.watches.map((r) => r.id)).toEqual([
      'service_gone',
      'standing_still',
      'behind',
      'slow_scoring',
      'set_aside',
      'failing',
      'retrying',
      'unreadable',
      'inputs_changed',
      'model_changed',
      'bad_items',
      'changed_items',
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
      'line 18: rules[3].kind is "inactve"; right would be "inactive"',
      'line 20: overrides[0] names neither schools nor grades; change the rules themselves',
      'line 20: overrides[0].rules.none is no rule of this file; there are low',
      'line 22: breaks[0].until is not after its first day',
    ])
  })

  it('about the system itself gives every mistake at once, at its line', () => {
    const found = problemsOf(`version: 1
rules:
  - id: slow
    kind: pipeline
    measure: latency_p99
    leave: 600
    least: 0
    relatives: true
  - id: what
    kind: pipeline
    to: [teacher]
  - id: shares
    kind: pipeline
    measure: errors
    enter: 2
  - id: always
    kind: data_quality
    measure: rejected
    enter: 0
    series: [missing/*]
  - id: changed
    kind: data_quality
    measure: drift
    window: 2h
  - id: items
    kind: item_health
    to: [guardian]
    topcis: [fractions]
overrides:
  - schools: [s1]
    rules: {slow: {enter: 900}}
people:
  operators: olga
  content_owners:
    - {topics: [fractions]}
    - carl
`)
    expect(found).toEqual([
      'line 6: rules[0].leave is 600; right would be less than 500, at which it begins',
      'line 7: rules[0].least is 0; right would be a whole number from 1 to 1000000000',
      expect.stringMatching(/^line 8: rules\[0\].relatives is not known here; there are id, kind/),
      'line 9: rules[1] lacks "measure": one of lag, silence, stopped, dead_letters, errors, retries, latency_p99, age_p99',
      'line 11: rules[1].to is ["teacher"]; right would be a list of one or more of operator',
      'line 15: rules[2].enter is 2; right would be a number from 0 to 1 for errors',
      'line 19: rules[3].enter is 0, at which it would always hold',
      'line 20: rules[3].series has no meaning for rejected events; measure: drift looks at series',
      'line 24: rules[4].window has no meaning for drift, which is found by the verdicts on drift',
      'line 27: rules[5].to is ["guardian"]; right would be a list of one or more of content_owner, operator',
      'line 28: rules[5].topcis is not known here; "topics" is',
      'line 31: overrides[0].rules.slow is about the system itself, which no school or grade has differently',
      'line 33: people.operators is "olga"; right would be a list of one or more names',
      'line 35: people.content_owners[0] lacks "users": a list of one or more names',
      'line 36: people.content_owners[1] must have users and, if wanted, topics',
    ])
  })

  it('that leaves thresholds out has those of the measure, and one that is lower in proportion', () => {
    const rules = readYaml(
      'version: 1\nrules:\n  - {id: a, kind: pipeline, measure: errors}\n  - {id: b, kind: pipeline, measure: errors, enter: 0.1}\n',
    )
    const { policy, problems } = checkPolicy(rules.value)
    expect(problems).toEqual([])
    expect(policy.watches.map((r) => [r.enter, r.leave, r.to])).toEqual([
      [0.01, 0.005, ['operator']],
      [0.1, 0.005, ['operator']],
    ])
  })

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
