import type { RosterCounts } from '@mastery/api/src/roster/gold-rows.ts'
import type { Imported } from '@mastery/api/src/roster/import.ts'
import { type Problem, problemLine } from '@mastery/topology/roster/problem.ts'

const number = (n: number) => n.toLocaleString('en')

export const countsLine = (c: RosterCounts): string =>
  `${number(c.students)} students in ${number(c.classes)} classes of ${c.schools === 1 ? 'one school' : `${number(c.schools)} schools`}, ${number(c.teachers)} teachers, ${number(c.guardians)} guardians of ${number(c.guardianships)} pairs, ${number(c.denied)} denied`

export function importedText(done: Imported): string {
  const said = {
    'in force': `Version ${done.version} is in force`,
    sent: `Version ${done.version} is in the log, but has not come to gold yet; the gold service follows by itself`,
    same: `Nothing differs from version ${done.version}, which is in force`,
    'dry run': `Nothing was changed. It would be version ${done.version}`,
  }[done.status]
  const changes = Object.entries(done.changes).flatMap(([what, { came, went }]) =>
    came + went > 0 ? [`${what} +${number(came)} -${number(went)}`] : [],
  )
  return `${said}: ${countsLine(done.counts)}.\n${changes.length > 0 && done.status !== 'same' ? `Against the version before: ${changes.join(', ')}.\n` : ''}`
}

/** Warnings of one kind that are shown; their number is told. */
const MOST = 10

/** Every error; of warnings that say the same of many rows, some. */
export function problemsText(problems: readonly Problem[], all = false): string {
  const lines = problems.filter((p) => p.level === 'error').map(problemLine)
  const kinds = new Map<string, Problem[]>()
  for (const p of problems)
    if (p.level === 'warning') {
      const kind = `${p.file} ${p.column} ${p.right}`
      kinds.set(kind, [...(kinds.get(kind) ?? []), p])
    }
  for (const of of kinds.values()) {
    const shown = all ? of : of.slice(0, MOST)
    lines.push(...shown.map(problemLine))
    if (of.length > shown.length)
      lines.push(`  and ${number(of.length - shown.length)} more of this kind; --warnings shows all`)
  }
  return lines.map((l) => `${l}\n`).join('')
}
