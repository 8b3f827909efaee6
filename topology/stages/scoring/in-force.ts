import { RAPID_GUESSES, type RapidPolicy } from '../../effort/rapid-policy.ts'
import { hash53 } from '../../events/hash.ts'
import { BLEND } from '../../models/blend/model.ts'
import { MODELS } from '../../models/catalog.ts'
import { parametersOf } from '../../models/parameters.ts'
import { SERVED, SERVED_AND_BLEND } from '../../served/catalog.ts'
import type { ParamSet } from './fold.ts'
import type { ScoreMeta } from './meta.ts'

/** A version of a served model that is in force. */
export interface ServedVersion {
  /** Place in SERVED_AND_BLEND. */
  at: number
  /** Hash of the version and its parameters, and of the policy on rapid guesses where the model goes by it. */
  version: number
  payload: string
}

/** Parameters and version names in force, parsed once per change. */
export interface InForce {
  params: ParamSet
  /** Of all parts and the blend; empty where no version of a served model is in force. Last a policy that is on. */
  versions: string[]
  served: readonly ServedVersion[]
}

const parsed = new WeakMap<ScoreMeta, InForce>()
/** The partition asked for last, which is nearly always asked for next. */
let latest: { meta: ScoreMeta; f: InForce } | null = null

export function inForce(meta: ScoreMeta): InForce {
  if (latest?.meta === meta) return latest.f
  let f = parsed.get(meta)
  if (!f) {
    const active = MODELS.map((m) => meta.active.get(m.id))
    const policy = meta.active.get(RAPID_GUESSES.id)
    const rapid = policy === undefined || policy.version === RAPID_GUESSES.off ? null : policy
    const served = SERVED_AND_BLEND.flatMap(({ id, weighs }, at) => {
      const a = meta.active.get(id)
      const made = [a?.version, a?.payload, ...(weighs && rapid !== null ? [rapid.version, rapid.payload] : [])]
      return a == null || a.payload === null
        ? []
        : [{ at, version: hash53(JSON.stringify(made)), name: a.version, payload: a.payload }]
    })
    f = {
      params: {
        models: MODELS.map((m, i) => parametersOf(m, active[i]?.payload ?? null)),
        rapid: parametersOf(RAPID_GUESSES, rapid?.payload ?? null) as RapidPolicy | null,
      },
      versions: [
        ...MODELS.map((m, i) => active[i]?.version ?? m.defaultVersion),
        ...SERVED.map((_, at) => served.find((x) => x.at === at)?.name ?? ''),
        served.find((x) => x.at === SERVED.length)?.name ?? BLEND.defaultVersion,
        ...(rapid === null ? [] : [rapid.version]),
      ],
      served,
    }
    parsed.set(meta, f)
  }
  latest = { meta, f }
  return f
}

/** All parts, then the blend. */
export const MODEL_IDS: readonly string[] = [...MODELS, ...SERVED, BLEND].map((m) => m.id)

/** To be called when the versions in force of a partition have changed. */
export function versionsChanged(meta: ScoreMeta): void {
  parsed.delete(meta)
  latest = null
}
