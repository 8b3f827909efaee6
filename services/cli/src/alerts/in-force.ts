import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { alertMetas } from '@mastery/infra/runtime/ops-rules.ts'
import { type AlertPolicy, readPolicy } from '@mastery/topology/alerts/policy.ts'
import { fileOf } from '@mastery/topology/models/parameters.ts'

export interface PolicyInForce {
  version: string
  policy: AlertPolicy
  /** Partitions in which it is in force, and how many there are. */
  partitions: number
  of: number
}

/** The tenant's rules in force; null: none are. While a switch is under way, those of most partitions. */
export async function policyInForce(installation: Installation, tenant: string): Promise<PolicyInForce | null> {
  const metas = await alertMetas(installation)
  const found = new Map<string, { payload: string; n: number }>()
  for (const m of metas) {
    const p = m.policies.get(tenant)
    if (!p || p.payload === '') continue
    found.set(p.version, { payload: p.payload, n: (found.get(p.version)?.n ?? 0) + 1 })
  }
  const [most] = [...found].sort(([, a], [, b]) => b.n - a.n)
  if (!most) return null
  const [version, { payload, n }] = most
  return { version, policy: readPolicy(await textOf(installation, payload)), partitions: n, of: metas.length }
}

async function textOf({ artefacts }: Installation, payload: string): Promise<string> {
  const f = fileOf(payload)
  if (f === null) return payload
  const { files } = await artefacts.read(f.model, f.version)
  return new TextDecoder().decode(files.get(f.file))
}
