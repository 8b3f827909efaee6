import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { CheckedRoster } from '@mastery/topology/roster/check.ts'
import type { RosterRole } from '@mastery/topology/roster/relations.ts'
import { isGuardianRole } from '@mastery/topology/roster/role.ts'

export type RosterKind = 'bulk' | 'delta' | 'erasure'

/** What a version comes to, in numbers. */
export interface RosterCounts {
  schools: number
  classes: number
  students: number
  teachers: number
  guardians: number
  guardianships: number
  denied: number
  items: number
}

export function rosterCounts({ built }: Pick<CheckedRoster, 'built'>): RosterCounts {
  const { relations, items } = built
  const users = relations.users.filter((u) => u.enabled)
  const having = (is: (r: RosterRole) => boolean) => users.filter((u) => u.roles.some((r) => is(r.role))).length
  return {
    schools: relations.schools.length,
    classes: relations.classes.length,
    students: having((r) => r === 'student'),
    teachers: having((r) => r === 'teacher'),
    guardians: having(isGuardianRole),
    guardianships: new Set(relations.guardians.map((g) => `${g.student} ${g.guardian}`)).size,
    denied: relations.denied.length,
    items: items.length,
  }
}

/** Numbers what has one key: several enrolments of the same person in the same class. */
function numbered<T>(rows: readonly T[], key: (r: T) => string): [T, number][] {
  const seen = new Map<string, number>()
  return rows.map((row) => {
    const nr = seen.get(key(row)) ?? 0
    seen.set(key(row), nr + 1)
    return [row, nr]
  })
}

const CHUNK = 20_000

/** Rows of a version; writing them again changes nothing. `now`: UTC milliseconds. */
export async function storeRoster(
  gold: Pick<GoldStore, 'insert'>,
  tenant: string,
  version: string,
  kind: RosterKind,
  checked: CheckedRoster,
  now: number,
): Promise<void> {
  const { relations, items } = checked.built
  const { source, warnings } = checked
  const c = rosterCounts(checked)
  const members = numbered(relations.members, (m) => `${m.class} ${m.user} ${m.role}`)
  const denied = new Set(relations.denied.map((d) => `${d.student} ${d.user}`))
  const tables: [string, unknown[][]][] = [
    ['roster_classes', relations.classes.map((k) => [tenant, version, k.id, k.school, [...k.grades], [...k.topics]])],
    [
      'class_students',
      members
        .filter(([m]) => m.role === 'student')
        .map(([m, nr]) => [tenant, m.user, version, m.class, m.from, m.until, nr]),
    ],
    [
      'class_teachers',
      members
        .filter(([m]) => m.role !== 'student')
        .map(([m, nr]) => [tenant, m.user, version, m.class, m.role, m.primary, m.from, m.until, nr]),
    ],
    [
      'student_guardians',
      relations.guardians.map((g) => [
        ...[tenant, g.student, version, g.guardian, g.role],
        denied.has(`${g.student} ${g.guardian}`),
      ]),
    ],
    ['roster_items', items.map((i) => [tenant, version, i.item, i.class, i.topic, i.source])],
    // Last: a version that is listed is there whole.
    [
      'roster_versions',
      [
        [
          ...[
            tenant,
            version,
            now,
            kind,
            source.oneRoster,
            source.system,
            c.schools,
            c.classes,
            c.students,
            c.teachers,
          ],
          ...[c.guardians, c.guardianships, c.denied, c.items, warnings.length],
        ],
      ],
    ],
  ]
  for (const [table, rows] of tables)
    for (let i = 0; i < rows.length; i += CHUNK) await gold.insert([{ table, rows: rows.slice(i, i + CHUNK) }])
}
