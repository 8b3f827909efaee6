import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { hash53 } from '../../events/hash.ts'
import { fileOf, type ParameterFile, ParametersNotLoaded } from '../../models/parameters.ts'
import type { StepResult } from '../../stage.ts'
import { nameOf, versionsChanged } from './in-force.ts'
import { type AlertMeta, bookOf, rosterOf } from './meta.ts'

const POLICY = 'alerts/'

/** Name of the markers that concern a tenant's alert rules. */
export const policyName = (tenant: string): string => `${POLICY}${tenant}`

interface Concern {
  what: 'policy' | 'roster'
  tenant: string
}

function concernOf({ subject, name }: Marker): Concern | null {
  if (subject === 'policy' && name.startsWith(POLICY)) return { what: 'policy', tenant: name.slice(POLICY.length) }
  return subject === 'roster' ? { what: 'roster', tenant: name } : null
}

/**
 * Carries out a marker that concerns alerts. Null: it is to be forwarded, whether it concerned them or not; else it
 * was carried out before, or can't be.
 */
export function applyMarker(marker: Marker, meta: AlertMeta): StepResult | null {
  const id = hash53(marker.marker_id)
  if (meta.markers.has(id)) return { type: 'drop', reason: 'seen' }
  if (marker.subject === 'generation') {
    if (marker.action === 'activate') meta.active = Number(marker.version)
    meta.markers.add(id)
    return null
  }
  const concern = concernOf(marker)
  if (concern !== null) {
    const refused = prepareOrActivate(marker, concern, meta)
    if (refused !== null) return { type: 'dead_letter', code: 'marker_refused', message: refused }
  }
  meta.markers.add(id)
  return null
}

/** Null: done. Else why not. */
function prepareOrActivate(marker: Marker, { what, tenant }: Concern, meta: AlertMeta): string | null {
  const { action, version, payload } = marker
  const key = `${what} ${tenant}`
  const words = what === 'policy' ? `Version ${version} of the alert rules` : `Version ${version} of the roster`
  if (action === 'prepare') {
    try {
      if (payload !== null) what === 'policy' ? bookOf(payload) : rosterOf(payload)
    } catch (e) {
      if (e instanceof ParametersNotLoaded) throw e
      return `${words} of ${tenant} can't be prepared: ${(e as Error).message}`
    }
    meta.prepared.set(key, { version, payload: payload ?? '' })
    return null
  }
  if (action !== 'activate') return null
  const ready = meta.prepared.get(key)
  if (ready?.version !== version)
    return `${words} of ${tenant} was not prepared in this partition; send a prepare marker first.`
  if (what === 'roster') {
    if (ready.payload === '') meta.rosters.delete(tenant)
    else meta.rosters.set(tenant, ready)
  } else {
    meta.policies.set(tenant, { ...ready, seq: ++meta.seq })
    if (ready.payload !== '')
      for (const rule of bookOf(ready.payload).policy.rules)
        if (!meta.rules.includes(nameOf(rule))) meta.rules.push(nameOf(rule))
  }
  versionsChanged(meta)
  return null
}

function fileIn(payload: string | null): ParameterFile[] {
  try {
    const f = payload === '' ? null : fileOf(payload)
    return f === null ? [] : [f]
  } catch {
    return []
  }
}

/** The file that the marker's version is in. One that can't be read as such is refused by the step. */
export function filesOfMarker(marker: Marker): ParameterFile[] {
  return marker.action === 'prepare' && concernOf(marker) !== null ? fileIn(marker.payload) : []
}

/** The files of the versions that are in force or prepared. */
export function filesOfMeta(meta: AlertMeta): ParameterFile[] {
  return [...meta.policies.values(), ...meta.rosters.values(), ...meta.prepared.values()].flatMap((v) =>
    fileIn(v.payload),
  )
}
