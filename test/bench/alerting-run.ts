import type { AlertPolicy } from '@mastery/topology/alerts/policy.ts'
import { policyText } from '@mastery/topology/alerts/policy.ts'
import type { Relations } from '@mastery/topology/roster/relations.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { policyName } from '@mastery/topology/stages/alerting/markers.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import type { VirtualRun } from '@mastery/topology/virtual-run.ts'

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
