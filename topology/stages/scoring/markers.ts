import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { RAPID_GUESSES } from '../../effort/rapid-policy.ts'
import { hash53 } from '../../events/hash.ts'
import { MODELS } from '../../models/catalog.ts'
import {
  fileOf,
  type ParameterFile,
  ParametersNotLoaded,
  parametersOf,
  servedArtefact,
} from '../../models/parameters.ts'
import { SERVED_AND_BLEND } from '../../served/catalog.ts'
import type { StepResult } from '../../stage.ts'
import type { RingLimits } from '../windowing/apply.ts'
import { versionsChanged } from './in-force.ts'
import type { ActiveModel, ScoreMeta } from './meta.ts'

/** Versions that a generation begins with; markers from before `until` (UTC milliseconds) don't change them. */
export interface PinnedModels {
  models: Readonly<Record<string, ActiveModel>>
  until: number
}

/**
 * Carries out a marker that concerns models, or the policy on rapid guesses. Null: it is to be forwarded; else it was carried out before, or can't be.
 */
export function applyMarker(
  marker: Marker,
  meta: ScoreMeta,
  ring: RingLimits,
  pinned?: PinnedModels,
): StepResult | null {
  const policy = marker.subject === 'policy' && marker.name === RAPID_GUESSES.id
  if (marker.subject !== 'model' && !policy) return null
  if (pinned?.models[marker.name] && marker.issued_at < pinned.until) return null
  const id = hash53(marker.marker_id)
  if (meta.markers.has(id)) return { type: 'drop', reason: 'seen' }
  const folded = policy ? undefined : MODELS.find((m) => m.id === marker.name)
  const served = policy ? undefined : SERVED_AND_BLEND.find((m) => m.id === marker.name)
  const refuse = (message: string): StepResult => ({ type: 'dead_letter', code: 'marker_refused', message })
  if (!folded && !served && !policy)
    return refuse(
      `There is no model "${marker.name}"; the models that take versions are ${[...MODELS, ...SERVED_AND_BLEND].map((m) => m.id).join(', ')}.`,
    )
  if (marker.action === 'prepare') {
    try {
      if (policy) checkPolicy(marker)
      else if (folded) parametersOf(folded, marker.payload)
      else if (marker.version !== served!.without || marker.payload !== null) {
        const back = served!.looksBack(servedArtefact(served!, marker.payload))
        if (back > ring.min)
          return refuse(
            `Version ${marker.version} of ${marker.name} looks back on ${back} answers, and states keep ${ring.min}; raise "ring.min" in configs/windows.json, or train it with a shorter window.`,
          )
      }
    } catch (e) {
      if (e instanceof ParametersNotLoaded) throw e
      return refuse(`Version ${marker.version} of ${marker.name} can't be prepared: ${(e as Error).message}`)
    }
    meta.prepared.set(marker.name, { version: marker.version, payload: marker.payload })
  } else if (marker.action === 'activate') {
    const ready = meta.prepared.get(marker.name)
    if (ready?.version !== marker.version)
      return refuse(
        `Version ${marker.version} of ${marker.name} was not prepared in this partition; send a prepare marker first.`,
      )
    meta.active.set(marker.name, ready)
    versionsChanged(meta)
  }
  meta.markers.add(id)
  return null
}

/** @throws Error that says what does not fit */
function checkPolicy({ version, payload }: Marker): void {
  if ((version === RAPID_GUESSES.off) !== (payload === null))
    throw new Error(`version "${RAPID_GUESSES.off}" has no thresholds, and every other one has`)
  parametersOf(RAPID_GUESSES, payload)
}

/** The file that the marker's version is in. One that can't be read as such is refused by the step. */
export function filesOfMarker(marker: Marker): ParameterFile[] {
  if (!['model', 'policy'].includes(marker.subject) || marker.action !== 'prepare') return []
  try {
    const f = fileOf(marker.payload)
    return f === null ? [] : [f]
  } catch {
    return []
  }
}

/** The files of the versions that are in force or prepared. */
export function filesOfMeta(meta: Pick<ScoreMeta, 'active' | 'prepared'>): ParameterFile[] {
  return [...meta.active.values(), ...meta.prepared.values()].flatMap((a) => fileOf(a.payload) ?? [])
}
