import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { Relations } from '@mastery/topology/roster/relations.ts'
import { parseRelations, RELATIONS_FILE, rosterArtefact } from '@mastery/topology/roster/version.ts'
import type { RosterCounts, RosterKind } from './gold-rows.ts'

/** The version that the newest marker has put in force, as gold knows it; null for none. */
export async function versionInForce(gold: Pick<GoldStore, 'query'>, tenant: string): Promise<string | null> {
  const [row] = await gold.query<{ version: string }>(
    `SELECT version FROM v_markers WHERE subject = 'roster' AND action = 'activate' AND name = {tenant:String}
     ORDER BY issued_at DESC, version LIMIT 1`,
    { tenant },
  )
  return row?.version ?? null
}

export interface RosterVersion extends RosterCounts {
  version: string
  made_at: string
  kind: RosterKind
  one_roster: string
  system: string
  warnings: number
  activated_at: string | null
  in_force: boolean
}

/** Newest first. */
export async function rosterVersions(gold: Pick<GoldStore, 'query'>, tenant: string): Promise<RosterVersion[]> {
  const rows = await gold.query<RosterVersion>(
    `SELECT roster_version AS version, toString(v.made_at) AS made_at, toString(kind) AS kind, toString(one_roster) AS one_roster, system,
       schools, classes, students, teachers, guardians, guardianships, denied, items, warnings,
       toString(v.activated_at) AS activated_at, v.in_force = 1 AS in_force
     FROM v_roster_versions AS v WHERE tenant = {tenant:String} ORDER BY v.made_at DESC, version`,
    { tenant },
  )
  return rows.map((r) => ({ ...r, in_force: Boolean(r.in_force) }))
}

/** @throws ArtefactMissing, ArtefactDamaged */
export async function relationsOf(artefacts: ArtefactStore, tenant: string, version: string): Promise<Relations> {
  const { files } = await artefacts.read(rosterArtefact(tenant), version)
  return parseRelations(files.get(RELATIONS_FILE)!)
}
