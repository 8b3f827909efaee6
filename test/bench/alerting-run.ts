import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readYaml } from '@mastery/infra/config/alert-yaml.ts'
import { checkPolicy } from '@mastery/topology/alerts/check.ts'
import type { AlertPolicy } from '@mastery/topology/alerts/policy.ts'
import { policyText } from '@mastery/topology/alerts/policy.ts'
import type { Relations } from '@mastery/topology/roster/relations.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { policyName } from '@mastery/topology/stages/alerting/markers.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import type { VirtualRun } from '@mastery/topology/virtual-run.ts'
import type { Lap } from './measure.ts'

const SHIPPED = join(import.meta.dirname, '../../configs/alerts/default.yaml')
export const CLASS_SIZE = 25

/** Classes of 25, each with a teacher. */
export function rosterOf(tenant: string, students: readonly string[]): Relations {
  const always = { from: null, until: null }
  const role = (r: 'student' | 'teacher') => [{ role: r, school: 's', ...always }]
  const classes = Array.from({ length: Math.ceil(students.length / CLASS_SIZE) }, (_, i) => `class-${i}`)
  return {
    tenant,
    version: '1',
    schools: [{ id: 's', zone: null }],
    classes: classes.map((id) => ({ id, school: 's', grades: ['7'], topics: [] })),
    members: [
      ...students.map((user, i) => ({
        class: classes[Math.floor(i / CLASS_SIZE)]!,
        user,
        role: 'student' as const,
        primary: false,
        ...always,
      })),
      ...classes.map((c) => ({
        class: c,
        user: `teacher of ${c}`,
        role: 'teacher' as const,
        primary: true,
        ...always,
      })),
    ],
    guardians: [],
    users: [
      ...students.map((pseudonym) => ({ pseudonym, roles: role('student'), language: null, enabled: true })),
      ...classes.map((c) => ({ pseudonym: `teacher of ${c}`, roles: role('teacher'), language: null, enabled: true })),
    ],
    denied: [],
  }
}

/** By the main thread's CPU: what other processes do meanwhile does not count. */
export const ofMain = (lap: Lap): Lap => ({
  ...lap,
  seconds: lap.mainMs / 1000,
  gcMs: (lap.gcMs * lap.mainMs) / 1000 / lap.seconds,
})

/** The shipped rules and a roster of these students, in force. */
export function shipped(tenant: string, students: readonly string[]): StageRecord[] {
  const { policy } = checkPolicy(readYaml(readFileSync(SHIPPED, 'utf8')).value, {})
  return opening(tenant, rosterOf(tenant, students), policy)
}

/** A tenant's roster and rules, as markers put them in force. */
export function opening(tenant: string, relations: Relations, policy: AlertPolicy): StageRecord[] {
  const of = (subject: 'policy' | 'roster', name: string, text: string) =>
    (['prepare', 'activate'] as const).map((action): StageRecord => {
      const payload = action === 'prepare' ? text : null
      const value = { marker_id: `${subject} ${action}`, action, subject, name, version: '1', payload, issued_at: 0 }
      return { subject: 'marker', key: '', value, origin: { topic: 'mastery.scores', partition: 0, offset: -1 } }
    })
  return [...of('roster', tenant, JSON.stringify(relations)), ...of('policy', policyName(tenant), policyText(policy))]
}

/** What a stage writes for records, as the records of a topic of one partition. */
export function* through(run: VirtualRun, records: Iterable<StageRecord>, topic: TopicName): Generator<StageRecord> {
  let offset = 0
  for (const r of records)
    for (const { subject, key, value } of run.outputs(r))
      yield { subject, key, value, origin: { topic, partition: 0, offset: offset++ } }
}
