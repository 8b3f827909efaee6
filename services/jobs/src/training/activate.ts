import { randomUUID } from 'node:crypto'
import { broadcast } from '@mastery/infra/runtime/broadcast.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { ArtefactStore, Manifest } from '@mastery/topology/ports/artefact-store.ts'
import { SERVED_AND_BLEND } from '@mastery/topology/served/catalog.ts'
import type { ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import { inGold } from '../rebuild/outcome.ts'
import { pause, type RepairParts } from '../rebuild/parts.ts'
import { ActivationError } from './activation-error.ts'
import { broughtLater, prepareStudents, type Rewarmed, settleAll, type WarmPhase } from './before-switch.ts'
import { sendReference } from './drift-reference.ts'
import { STREAMING, type Streaming, versionPayload } from './payload.ts'
import { type InForce, scoringMetas, versionsInForce } from './versions.ts'

export interface ActivationParts extends RepairParts {
  artefacts: ArtefactStore
}

export interface SwitchOptions {
  /** Leaves students whose history is longer than what their states keep to begin with what is kept. */
  fromRing?: boolean
  progress?(phase: WarmPhase, done: number, total: number): void
}

export interface Activated {
  model: string
  version: string
  /** The one that it took the place of. */
  before: string
  /** Null where no model learns from histories: a model was taken out of the stream. */
  histories: Rewarmed | null
}

const LOOK_MS = 50
const PATIENCE_MS = 60_000

/**
 * Puts a version in force by two markers, from an exact offset of every partition on, and waits until the scoring stage
 * has passed them. Between the two, students whose history is longer than what their states keep are prepared from the
 * whole history. What was killed half-way goes on when it is started again. A challenger whose paired gain over what it
 * replaces is not clear of zero is refused, unless somebody takes that on (`anyway`). The version that stands where a
 * policy is off turns it off.
 * @throws ActivationError
 */
export async function activateVersion(
  parts: ActivationParts,
  model: string,
  version: string,
  options: SwitchOptions & { anyway?: boolean } = {},
): Promise<Activated> {
  const streaming = modelNamed(model)
  const before = await current(parts, model)
  if (streaming.subject === 'policy' && version === streaming.defaultVersion) {
    const histories = before.version === version ? null : await send(parts, streaming, version, null, options)
    return { model, version, before: before.version, histories }
  }
  const { manifest, payload } = await versionPayload(parts.artefacts, streaming, version).catch((cause: unknown) => {
    throw new ActivationError((cause as Error).message, { cause })
  })
  if (before.version === version && before.partitions === before.of) {
    const histories = options.fromRing ? null : await broughtLater(parts, model, options)
    if (histories === null) throw new ActivationError(`Version ${version} of ${model} is in force already.`)
    return { model, version, before: version, histories }
  }
  // What a policy is for is not to predict better.
  if (!options.anyway && before.version !== version && streaming.subject === 'model')
    refuseWithoutGain(manifest, before)
  const histories = await send(parts, streaming, version, payload, options)
  return { model, version, before: before.version, histories }
}

/**
 * Puts the version back in force that was before the present one.
 * @throws ActivationError where there was none
 */
export async function rollBack(parts: ActivationParts, model: string, options: SwitchOptions = {}): Promise<Activated> {
  const streaming = modelNamed(model)
  const before = await current(parts, model)
  // A version that was activated a moment ago is among the markers.
  await inGold(parts, 'learning.events')
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
  const histories = await send(parts, streaming, version, prepared?.payload ?? null, options)
  return { model, version, before: before.version, histories }
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

async function send(
  parts: ActivationParts,
  of: Streaming,
  version: string,
  payload: string | null,
  options: SwitchOptions,
): Promise<Rewarmed | null> {
  const takenOut = payload === null && SERVED_AND_BLEND.some((m) => m.id === of.id)
  const mark = async (action: 'prepare' | 'activate') => {
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
    const here = (m: ScoreMeta) => (action === 'prepare' ? m.prepared : m.active).get(of.id)?.version === version
    await passed(parts, here, `Version ${version} of ${of.id}`, action)
  }
  await mark('prepare')
  const prepared = takenOut ? null : await prepareStudents(parts, of.id, options)
  if (of.subject === 'model') await sendReference(parts, of.id, version)
  await mark('activate')
  return prepared === null ? null : settleAll(parts, of.id, prepared, options)
}

async function passed(
  parts: ActivationParts,
  here: (m: ScoreMeta) => boolean,
  what: string,
  action: 'prepare' | 'activate',
): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const metas = await scoringMetas(parts)
    const missing = metas.flatMap((m, p) => (here(m) ? [] : [p]))
    if (missing.length === 0) return
    if (performance.now() > until)
      throw new ActivationError(
        `${what} was sent, but is not ${action === 'prepare' ? 'prepared' : 'in force'} in partitions ${missing.join(', ')} of ${metas.length} after ${PATIENCE_MS / 1000} s. ${action === 'prepare' ? 'Nothing was activated. If the scoring service is behind, start this again once it has caught up' : 'If the scoring service is behind, it follows by itself'}; "npx mastery rejects list --stage scoring" shows a marker that was refused.`,
      )
    await pause(parts, LOOK_MS)
  }
}
