import { BLEND } from '../../models/blend/model.ts'
import { MODELS } from '../../models/catalog.ts'
import { parametersOf } from '../../models/parameters.ts'
import type { ParamSet } from './fold.ts'
import type { ScoreMeta } from './meta.ts'

/** Parameters and version names in force, parsed once per change. */
interface InForce {
  params: ParamSet
  versions: string[]
}

const parsed = new WeakMap<ScoreMeta, InForce>()
/** The partition asked for last, which is nearly always asked for next. */
let latest: { meta: ScoreMeta; f: InForce } | null = null

export function inForce(meta: ScoreMeta): InForce {
  if (latest?.meta === meta) return latest.f
  let f = parsed.get(meta)
  if (!f) {
    const active = MODELS.map((m) => meta.active.get(m.id))
    f = {
      params: MODELS.map((m, i) => parametersOf(m, active[i]?.payload ?? null)),
      versions: [...MODELS.map((m, i) => active[i]?.version ?? m.defaultVersion), BLEND.defaultVersion],
    }
    parsed.set(meta, f)
  }
  latest = { meta, f }
  return f
}

export const MODEL_IDS: readonly string[] = [...MODELS.map((m) => m.id), BLEND.id]

/** To be called when the versions in force of a partition have changed. */
export function versionsChanged(meta: ScoreMeta): void {
  parsed.delete(meta)
  latest = null
}
