import { createHash, randomUUID } from 'node:crypto'
import { broadcastMarker } from '@mastery/infra/runtime/broadcast.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { filePayload } from '@mastery/topology/models/parameters.ts'
import type { Manifest } from '@mastery/topology/ports/artefact-store.ts'
import type { CheckedRoster } from '@mastery/topology/roster/check.ts'
import { RELATIONS_FILE, relationsBytes, rosterArtefact } from '@mastery/topology/roster/version.ts'
import { type RosterKind, rosterCounts, storeRoster } from './gold-rows.ts'
import { versionInForce } from './in-force.ts'
import type { RosterParts } from './parts.ts'

/**
 * Makes a version what is in force, in an order in which a kill leaves nothing half done: the relations' file, rows of
 * gold, the vault, and then the markers, after which stages use it. Done again after a kill, it ends in the same state.
 * Gives the id of the marker that activates it.
 */
export async function publishRoster(
  parts: RosterParts,
  version: string,
  checked: CheckedRoster,
  kind: RosterKind,
): Promise<string> {
  const { tenant, artefacts, gold, vault } = parts
  const { built, source, ids } = checked
  const bytes = relationsBytes({ ...built.relations, version })
  const parent = await versionInForce(gold, tenant.id)
  const manifest = await artefacts.publish(
    manifestOf(parts, version, parent, checked),
    new Map([[RELATIONS_FILE, bytes]]),
  )
  await storeRoster(gold, tenant.id, version, kind, checked, parts.now())
  await vault.replace(tenant.id, { version, people: built.people, titles: built.titles }, { rows: source, ids })
  const { sha256 } = manifest.files.find((f) => f.name === RELATIONS_FILE)!
  const payload = filePayload({ model: manifest.model, version, file: RELATIONS_FILE, sha256 })
  await send(parts, version, 'prepare', payload)
  return send(parts, version, 'activate', null)
}

async function send(
  parts: RosterParts,
  version: string,
  action: 'prepare' | 'activate',
  payload: string | null,
): Promise<string> {
  const marker: Marker = {
    marker_id: randomUUID(),
    action,
    subject: 'roster',
    name: parts.tenant.id,
    version,
    payload,
    issued_at: parts.now(),
  }
  const value = parts.codec.encode('marker', marker)
  await broadcastMarker(parts.log, { key: 'marker', value, timestamp: marker.issued_at })
  return marker.marker_id
}

function manifestOf(
  parts: RosterParts,
  version: string,
  parent: string | null,
  checked: CheckedRoster,
): Omit<Manifest, 'files'> {
  const { relations } = checked.built
  const students = relations.users.filter((u) => u.roles.some((r) => r.role === 'student')).map((u) => u.pseudonym)
  const counts = rosterCounts(checked)
  return {
    schema: 1,
    model: rosterArtefact(parts.tenant.id),
    version,
    created_at: parts.now(),
    parent,
    // A roster is trained on nothing: what is said is whom and what it holds.
    training: {
      source: `OneRoster ${checked.source.oneRoster}`,
      answers: 0,
      students: students.length,
      items: counts.items,
      topics: new Set(relations.classes.flatMap((c) => c.topics)).size,
      from: null,
      to: null,
      offsets: {},
      data_sha256: checked.hash,
      subjects_sha256: createHash('sha256').update(students.sort().join('\n')).digest('hex'),
    },
    settings: {},
    metrics: { ...counts },
  }
}

const LOOK_MS = 50
const PATIENCE_MS = 60_000

/** Waits until the marker of every partition has come to gold. Gives whether it has. */
export async function reachedGold(parts: RosterParts, markerId: string, patienceMs = PATIENCE_MS): Promise<boolean> {
  const until = performance.now() + patienceMs
  const partitions = await parts.log.partitions('learning.events')
  for (;;) {
    parts.check()
    const [row] = await parts.gold.query<{ n: number }>(
      'SELECT uniqExact(src_partition) AS n FROM markers WHERE marker_id = {id:String}',
      { id: markerId },
    )
    if (Number(row?.n ?? 0) >= partitions) return true
    if (performance.now() > until) return false
    await new Promise((r) => setTimeout(r, LOOK_MS))
  }
}
