import { randomUUID } from 'node:crypto'
import { broadcast } from '@mastery/infra/runtime/broadcast.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { Manifest } from '@mastery/topology/ports/artefact-store.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { STREAMING, type Streaming, versionPayload } from './payload.ts'
import { type InForce, scoringMetas, type VersionParts, versionsInForce } from './versions.ts'

export interface ActivationParts extends VersionParts {
  log: EventLog
  codec: Codec
  gold: GoldStore
  /** UTC milliseconds. */
  now(): number
  /** Throws what stopped the stages. */
  check(): void
}

export interface Activated {
  model: string
  version: string
  /** The one that it took the place of. */
  before: string
}

export class ActivationError extends Error {
  override name = 'ActivationError'
}

const LOOK_MS = 50
const PATIENCE_MS = 60_000

/**
 * Puts a version in force by two markers, from an exact offset of every partition on, and waits until the scoring stage
 * has passed them. A challenger whose paired gain over what it replaces is not clear of zero is refused, unless
 * somebody takes that on (`anyway`). The version that stands where a policy is off turns it off.
 * @throws ActivationError
 */
export async function activateVersion(
  parts: ActivationParts,
  model: string,
  version: string,
  options: { anyway?: boolean } = {},
): Promise<Activated> {
  const streaming = modelNamed(model)
  const before = await current(parts, model)
  const policy = streaming.subject === 'policy'
  if (policy && version === streaming.defaultVersion) {
    if (before.version !== version) await send(parts, streaming, version, null)
    return { model, version, before: before.version }
  }
  const { manifest, payload } = await versionPayload(parts.artefacts, streaming, version).catch((cause: unknown) => {
    throw new ActivationError((cause as Error).message, { cause })
  })
  if (before.version === version) throw new ActivationError(`Version ${version} of ${model} is in force already.`)
  // What a policy is for is not to predict better.
  if (!options.anyway && !policy) refuseWithoutGain(manifest, before)
  await send(parts, streaming, version, payload)
  return { model, version, before: before.version }
}

/**
 * Puts the version back in force that was before the present one.
 * @throws ActivationError where there was none
 */
export async function rollBack(parts: ActivationParts, model: string): Promise<Activated> {
  const streaming = modelNamed(model)
  const before = await current(parts, model)
  const rows = await parts.gold.query<{ version: string; action: string; payload: string | null }>(
    `SELECT version, action, argMax(payload, issued_at) AS payload FROM markers
     WHERE subject = '${streaming.subject}' AND name = '${model}' AND action IN ('prepare', 'activate')
     GROUP BY marker_id, version, action ORDER BY max(issued_at), action DESC`,
  )
  const activated = rows.filter((r) => r.action === 'activate').map((r) => r.version)
  const at = activated.lastIndexOf(before.version)
  if (at < 0)
    throw new ActivationError(
      `${model} has its first version, ${before.version}, in force: there is none to go back to.`,
    )
  const version = activated[at - 1] ?? streaming.defaultVersion
  const prepared = rows.filter((r) => r.action === 'prepare' && r.version === version).at(-1)
  if (!prepared && version !== streaming.defaultVersion)
    throw new ActivationError(
      `Gold has no marker that prepared version ${version} of ${model}. Activate a version by its name: "npx mastery models activate ${model} VERSION".`,
    )
  await send(parts, streaming, version, prepared?.payload ?? null)
  return { model, version, before: before.version }
}

function modelNamed(id: string): Streaming {
  const model = STREAMING.find((m) => m.id === id)
  if (!model)
    throw new ActivationError(
      `No model "${id}" is served in the stream; those that take versions are ${STREAMING.map((m) => m.id).join(', ')}.`,
    )
  return model
}

async function current(parts: ActivationParts, model: string): Promise<InForce> {
  return (await versionsInForce(parts)).get(model)!
}

function refuseWithoutGain(manifest: Manifest, before: InForce): void {
  const { model, version, metrics, parent } = manifest
  const how = `Activate it all the same with --anyway, if you know why.`
  if (parent !== before.version)
    throw new ActivationError(
      `Version ${version} of ${model} was compared with ${parent ?? 'nothing'}, and ${before.version} is in force now. Train again, so that the two are compared. ${how}`,
    )
  const low = metrics['gain_log_loss_low']
  if (low === undefined || !(low > 0))
    throw new ActivationError(
      `Version ${version} of ${model} is not clearly better than ${before.version}: on students that neither was fitted on, its gain in log loss is ${number(metrics['gain_log_loss'])}, 95 % interval ${number(low)} to ${number(metrics['gain_log_loss_high'])}. ${how}`,
    )
}

const number = (x: number | undefined) => (x === undefined ? 'unknown' : x.toFixed(4))

async function send(parts: ActivationParts, of: Streaming, version: string, payload: string | null): Promise<void> {
  for (const action of ['prepare', 'activate'] as const) {
    const marker: Marker = {
      marker_id: randomUUID(),
      action,
      subject: of.subject,
      name: of.id,
      version,
      payload: action === 'prepare' ? payload : null,
      issued_at: parts.now(),
    }
    const value = parts.codec.encode('marker', marker)
    await broadcast(parts.log, 'learning.events', { key: 'marker', value, timestamp: marker.issued_at })
  }
  await passed(parts, of.id, version)
}

async function passed(parts: ActivationParts, model: string, version: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const metas = await scoringMetas(parts)
    const missing = metas.flatMap((m, p) => (m.active.get(model)?.version === version ? [] : [p]))
    if (missing.length === 0) return
    parts.check()
    if (performance.now() > until)
      throw new ActivationError(
        `Version ${version} of ${model} was sent, but is not in force in partitions ${missing.join(', ')} of ${metas.length} after ${PATIENCE_MS / 1000} s. If the scoring service is behind, it follows by itself; "npx mastery rejects list --stage scoring" shows a marker that was refused.`,
      )
    await new Promise((r) => setTimeout(r, LOOK_MS))
  }
}
