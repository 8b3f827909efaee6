import type { FieldTally } from './tally.ts'

/** One student that a run found to differ. */
export interface FoundStudent {
  tenant: string
  student: string
  /** Differing values. */
  count: number
  /** Some of them, in words: `attempts_7d of algebra: 3 stored, 4 by the history`. */
  what: string[]
  /** healed: compared equal after a rebuild. left: healing was not asked for. Else why it was not healed. */
  outcome: string
}

/** What a reconcile comes to. */
export interface ReconcileReport {
  run_id: string
  status: 'clean' | 'healed' | 'differs'
  generation: number
  /** Folded. */
  events: number
  students: number
  /** Values. */
  compared: number
  mismatches: number
  missing: number
  extra: number
  /** Students that differed, and how many of them were put right. */
  differing: number
  healed: number
  /** Students who waited for a rebuild; the run has made it, unless it was told not to heal. */
  stale: number
  /** Students with records beyond every cut: nothing is said of them. */
  moving: number
  /** Students of whom events have expired, and who were compared with what their checkpoint and the later events give. */
  from_checkpoint: number
  /** Later records that concern expired events, and were left out of those folds. */
  behind: number
  /** Students of whom events have expired, and whose checkpoint can't be read. */
  expired: number
  /** Students whose scores were made, in part, by other model versions; their windows were compared. */
  other_versions: number
  /** Feature rows that outgrew their ring. */
  approximate: number
  oracle: { rows: number; left_out: number; expired: number; differences: number; examples: string[] }
  seconds: number
  peak_rss_mb: number
  resumed: boolean
  /** Only those in which something differed. */
  fields: FieldTally[]
  found: FoundStudent[]
}

const n = (x: number) => x.toLocaleString('en')
const many = (x: number, one: string, more = `${one}s`) => `${n(x)} ${x === 1 ? one : more}`

/** What a person wants to know of a run: whether all is well, what differed for whom, and what was done about it. */
export function reportInWords(r: ReconcileReport): string {
  const lines: string[] = []
  const rate = r.seconds > 0 && !r.resumed ? `, ${n(Math.round(r.events / r.seconds))} events/s` : ''
  lines.push(
    `${many(r.events, 'event')} of ${many(r.students, 'student')} folded and ${many(r.compared, 'value')} compared in ${r.seconds.toFixed(1)} s${rate}; ${Math.round(r.peak_rss_mb)} MB.`,
  )
  if (r.mismatches + r.missing + r.extra === 0) lines.push('Everything that was compared is what the history gives.')
  else {
    const counts = [
      many(r.mismatches, 'value differs', 'values differ'),
      `${n(r.missing)} missing`,
      `${n(r.extra)} without anything behind`,
    ]
    lines.push(`${many(r.differing, 'student differs', 'students differ')} from the history: ${counts.join(', ')}.`)
    for (const f of r.fields)
      lines.push(
        `  ${f.field}${f.model === '' || f.model === 'all' ? '' : ` (${f.model})`}: ${n(f.mismatches)} of ${n(f.compared)} differ, ${n(f.missing)} missing, ${n(f.extra)} extra, SMAPE ${f.smape.toPrecision(2)}`,
      )
    for (const s of r.found) {
      lines.push(`  ${s.student} (${s.tenant}), ${many(s.count, 'difference')}: ${s.outcome}`)
      for (const w of s.what) lines.push(`    ${w}`)
    }
    if (r.differing > r.found.length)
      lines.push(
        `  and ${n(r.differing - r.found.length)} more; reconcile_mismatches has them all under run ${r.run_id}.`,
      )
    if (r.healed > 0)
      lines.push(
        `${many(r.healed, 'student was', 'students were')} rebuilt from the history and compared equal after it.`,
      )
  }
  const { oracle } = r
  lines.push(
    oracle.differences === 0
      ? `SQL, asked independently, agrees on ${many(oracle.rows, 'feature row')}${oracle.left_out > 0 ? `; ${many(oracle.left_out, 'student was', 'students were')} left out, whose corrections or ties it does not judge` : ''}${oracle.expired > 0 ? `; of ${many(oracle.expired, 'student')} it does not judge, events have expired` : ''}.`
      : `SQL, asked independently, differs in ${many(oracle.differences, 'value')} of ${many(oracle.rows, 'feature row')}${
          oracle.examples.every((e) => r.found.some((f) => e.startsWith(f.student)))
            ? ' as they were before any healing; those shown are of students whom the fold found too.'
            : '. Where the fold finds nothing, the fold or the query is wrong: that is for a developer, a rebuild does not change it.'
        }`,
  )
  for (const e of oracle.examples) lines.push(`  ${e}`)
  if (r.stale > 0)
    lines.push(
      `${many(r.stale, 'student waits', 'students wait')} for a rebuild because something came late; that is no difference.`,
    )
  if (r.moving > 0) lines.push(`${many(r.moving, 'student')} got new records all the time; the next run compares them.`)
  if (r.from_checkpoint > 0)
    lines.push(
      `${many(r.from_checkpoint, 'student was', 'students were')} folded from a checkpoint and what came after it, since events of theirs have expired.`,
    )
  if (r.behind > 0)
    lines.push(
      `${many(r.behind, 'later record')} left out of these: they concern expired events, which nothing can place or change any more.`,
    )
  if (r.expired > 0)
    lines.push(
      `${many(r.expired, 'student')} left out: events of theirs have expired, and their checkpoint can't be read by this build.`,
    )
  if (r.other_versions > 0)
    lines.push(
      `Scores of ${many(r.other_versions, 'student')} left out: models were activated in the midst of their history. A new generation brings them in line.`,
    )
  if (r.approximate > 0)
    lines.push(`${many(r.approximate, 'feature row')} left out: more activity in 90 days than a ring holds.`)
  if (r.resumed) lines.push('This run went on where an earlier one had ended.')
  return `${lines.join('\n')}\n`
}
