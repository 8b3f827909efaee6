import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { hash53 } from '../../events/hash.ts'
import { fileOf, type ParameterFile, ParametersNotLoaded } from '../../models/parameters.ts'
import type { StepResult } from '../../stage.ts'
import { notificationsIn, rosterKey, versionKey, zonesIn } from './in-force.ts'
import type { NotifyMeta } from './meta.ts'

const POLICY = /^alerts\/(.+)$/
/** Versions of one partition that are kept: notices wait for a day or so, and name the version that decided them. */
const KEPT = 32

/** The tenant whose people a marker concerns; null: none. */
function tenantOf(m: Marker): string | null {
  if (m.subject === 'roster') return m.name
  return m.subject === 'policy' ? (POLICY.exec(m.name)?.[1] ?? null) : null
}

/** Carries out a marker from one source. Null: done; else it was done before, or can't be. */
export function applyMarker(m: Marker, source: number, meta: NotifyMeta): StepResult | null {
  const tenant = tenantOf(m)
  if (tenant === null) return null
  const id = hash53(`${source}/${m.marker_id}`)
  if (meta.markers.has(id)) return { type: 'drop', reason: 'seen' }
  const refuse = (message: string): StepResult => ({ type: 'dead_letter', code: 'marker_refused', message })
  const key = versionKey(tenant, m.version)
  if (m.action === 'prepare') {
    if (m.payload === null) return refuse(`The marker of ${m.subject} ${m.name} ${m.version} names no file.`)
    try {
      if (m.subject === 'policy') notificationsIn(m.payload)
      else zonesIn(m.payload)
    } catch (e) {
      if (e instanceof ParametersNotLoaded) throw e
      return refuse(`Version ${m.version} of ${m.subject} ${m.name} can't be read: ${(e as Error).message}`)
    }
    keep(m.subject === 'policy' ? meta.policies : meta.prepared, key, m.payload)
  } else if (m.action === 'activate' && m.subject === 'roster') {
    const payload = meta.prepared.get(key)
    if (payload === undefined)
      return refuse(`Version ${m.version} of roster ${m.name} was not prepared here; send a prepare marker first.`)
    meta.rosters.set(rosterKey(source, tenant), payload)
  }
  meta.markers.add(id)
  return null
}

/** A version that another source has brought before stays in its place. */
function keep(versions: Map<string, string>, key: string, payload: string): void {
  if (versions.has(key)) return
  versions.set(key, payload)
  for (const old of versions.keys()) {
    if (versions.size <= KEPT) return
    versions.delete(old)
  }
}

/** The file that a marker's version is in. One that can't be read as such is refused by the step. */
export function filesOfMarker(m: Marker): ParameterFile[] {
  if (tenantOf(m) === null || m.action !== 'prepare') return []
  try {
    const f = fileOf(m.payload)
    return f === null ? [] : [f]
  } catch {
    return []
  }
}

/** The files of the versions that notices may name, and of the rosters in force. */
export function filesOfMeta(meta: NotifyMeta): ParameterFile[] {
  const payloads = new Set([...meta.policies.values(), ...meta.prepared.values(), ...meta.rosters.values()])
  return [...payloads].flatMap((p) => fileOf(p) ?? [])
}
