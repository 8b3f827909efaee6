import { createHash, randomUUID } from 'node:crypto'
import { broadcastMarker } from '@mastery/infra/runtime/broadcast.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { alertMetas, tellWhatIsInForce, untoldTenants, watchMeta } from '@mastery/infra/runtime/ops-rules.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { type AlertPolicy, policyArtefact, policyText } from '@mastery/topology/alerts/policy.ts'
import { filePayload } from '@mastery/topology/models/parameters.ts'
import { policyName } from '@mastery/topology/stages/alerting/markers.ts'

const LOOK_MS = 50
const PATIENCE_MS = 60_000
const FILE = 'policy.json'

/**
 * Keeps the rules as an artefact, puts them in force by two markers, from an exact offset of every partition on, and
 * waits until the stages that decide alerts have passed them. Gives their version: the same rules have the same.
 */
export async function activatePolicy(
  to: Installation,
  tenant: string,
  policy: AlertPolicy,
  now: number,
  check: () => void,
): Promise<string> {
  const bytes = Buffer.from(policyText(policy))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const model = policyArtefact(tenant)
  const known = (await to.artefacts.list(model)).find((m) => m.files.some((f) => f.sha256 === sha256))
  const version = known?.version ?? `${new Date(now).toISOString().slice(0, 10)}.${sha256.slice(0, 10)}`
  if (!known)
    await to.artefacts.publish(
      {
        schema: 1,
        model,
        version,
        created_at: now,
        parent: null,
        training: {
          source: 'alert rules',
          answers: 0,
          students: 0,
          items: 0,
          topics: 0,
          from: null,
          to: null,
          offsets: {},
          data_sha256: sha256,
          subjects_sha256: sha256,
        },
        settings: { rules: policy.rules.length + policy.watches.length },
        metrics: {},
      },
      new Map([[FILE, bytes]]),
    )
  // What an older build has put in force was never told to ops.metrics: without the roster nobody could be told there.
  if ((await untoldTenants(to)).length > 0) await tellWhatIsInForce(to, now)
  const payload = filePayload({ model, version, file: FILE, sha256 })
  for (const action of ['prepare', 'activate'] as const) {
    const marker: Marker = {
      marker_id: randomUUID(),
      action,
      subject: 'policy',
      name: policyName(tenant),
      version,
      payload: action === 'prepare' ? payload : null,
      issued_at: now,
    }
    const value = to.codec.encode('marker', marker)
    await broadcastMarker(to.log, { key: 'marker', value, timestamp: now })
  }
  await passed(to, tenant, version, check)
  return version
}

async function passed(to: Installation, tenant: string, version: string, check: () => void): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const metas = await alertMetas(to)
    const missing = metas.flatMap((m, p) => (m.policies.get(tenant)?.version === version ? [] : [p]))
    const { inForce } = await watchMeta(to)
    if (missing.length === 0 && inForce.policies.get(tenant)?.version === version) return
    check()
    if (performance.now() > until)
      throw new Error(
        `The rules were sent as version ${version}, but are not in force ${missing.length > 0 ? `in partitions ${missing.join(', ')} of ${metas.length}` : 'for the system itself (ops.metrics)'} after ${PATIENCE_MS / 1000} s. If the alerts service is behind, it follows by itself; "npx mastery rejects list --stage ${missing.length > 0 ? 'alerts' : 'watching'}" shows a marker that was refused.`,
      )
    await new Promise((r) => setTimeout(r, LOOK_MS))
  }
}
