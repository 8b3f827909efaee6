import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { type AlertPolicy, policyText } from '@mastery/topology/alerts/policy.ts'
import { CodecError } from '@mastery/topology/ports/codec.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { policyName } from '@mastery/topology/stages/alerting/markers.ts'

/** Null: it can't be read, and the stage would have set it aside. */
export function decoded(
  from: Installation,
  bytes: Buffer,
  key: string,
  origin: StageRecord['origin'],
): StageRecord | null {
  try {
    return { ...from.codec.decode(bytes), key, origin }
  } catch (e) {
    if (e instanceof CodecError) return null
    throw e
  }
}

/** What puts rules, and the roster in force, in force before the first record. */
export function openingMarkers(
  tenant: string,
  policy: AlertPolicy,
  roster: { version: string; payload: string } | undefined,
  generation: number,
): Marker[] {
  const both = (subject: 'policy' | 'roster', name: string, version: string, payload: string): Marker[] =>
    (['prepare', 'activate'] as const).map((action) => ({
      marker_id: `preview ${subject} ${action}`,
      action,
      subject,
      name,
      version,
      payload: action === 'prepare' ? payload : null,
      issued_at: 0,
    }))
  return [
    {
      marker_id: 'preview generation',
      action: 'activate',
      subject: 'generation',
      name: 'pipeline',
      version: String(generation),
      payload: null,
      issued_at: 0,
    },
    ...(roster ? both('roster', tenant, roster.version, roster.payload) : []),
    ...both('policy', policyName(tenant), 'preview', policyText(policy)),
  ]
}
