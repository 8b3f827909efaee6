import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readYaml } from '@mastery/infra/config/alert-yaml.ts'
import { checkPolicy } from '@mastery/topology/alerts/check.ts'
import { against, type Share, type StudentCount, shareOver } from './alerting-truth.ts'
import { type Alerted, alertedBy, prerequisitesOf, schoolYear } from './alerting-world.ts'
import { type Figure, figure, percentile, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'

const SHIPPED = join(import.meta.dirname, '../../configs/alerts/default.yaml')
const DAY = 86_400_000
/** A school year of 185 days at fourteen events a student and day. */
const EVENTS_PER_STUDENT = 2590

const percent = (x: number) => `${(100 * x).toFixed(0)} %`
const told = ({ share, low, high }: Share) =>
  Number.isNaN(share) ? 'none' : `${percent(share)} (${percent(low)} to ${percent(high)})`
const days = (ms: readonly number[], p: number) => (ms.length === 0 ? '-' : (percentile(ms, p) / DAY).toFixed(1))

/** Alerts about topics, over rules or of one. */
const over = (s: StudentCount, pick: 'told' | 'right' | 'says', rule: string | null) =>
  [...s.byRule].reduce((sum, [id, count]) => sum + (rule === null || id === rule ? count[pick] : 0), 0)

/** What the shipped rules say of simulated schools over a year, beside what was true. */
const year: Case = async ({ quick, note }) => {
  const seeds = quick ? [1] : [1, 2, 3, 4, 5]
  const students = quick ? 20 : 80
  const file = readYaml(readFileSync(SHIPPED, 'utf8')).value
  const all: StudentCount[] = []
  const said: Alerted[] = []
  const within: number[] = []
  let records = 0
  const watch = new Stopwatch()
  watch.start()
  for (const seed of seeds) {
    const world = schoolYear(seed, students, students * EVENTS_PER_STUDENT)
    const { policy } = checkPolicy(file, prerequisitesOf(world.school))
    const alerted = alertedBy(world, policy)
    records += world.scores.length
    within.push(world.truth.shareWithin(world.struggles))
    said.push(alerted)
    all.push(...against(world, alerted, policy))
    note(`seed ${seed}: ${alerted.alerts.length} alerts, ${world.struggles.length} struggles`)
  }
  const lap = await watch.stop()
  const about = { scenario: 'alerting-school', what: `${seeds.length} schools of ${students}`, records }
  return [
    figure(about, lap, {
      ...summary(all, said),
      'sittings within a struggle, by school': within.map(percent).join(' '),
    }),
    ...rules(all, said, lap.seconds),
  ]
}

function summary(all: readonly StudentCount[], said: readonly Alerted[]): Figure['more'] {
  const warnings = all.flatMap((s) => s.warnings)
  const delays = all.flatMap((s) => s.delays)
  const fired = said.flatMap((r) => r.rules)
  const again = fired.reduce((n, r) => n + r.again, 0)
  const count = fired.reduce((n, r) => n + r.fired, 0)
  const weeks = said.flatMap((r) => (r.perTeacherAndWeek ? [r.perTeacherAndWeek] : []))
  const planted = all.filter((s) => s.planted)
  const anybody = (some: readonly StudentCount[]) =>
    shareOver(
      some,
      (s) => Math.min(1, over(s, 'told', null)),
      () => 1,
    )
  return {
    struggles: all.reduce((n, s) => n + s.struggles, 0),
    'precision, 95 %': told(
      shareOver(
        all,
        (s) => over(s, 'right', null),
        (s) => over(s, 'told', null),
      ),
    ),
    'recall, 95 %': told(
      shareOver(
        all,
        (s) => s.found,
        (s) => s.struggles,
      ),
    ),
    'days of warning, p25 p50 p75': [25, 50, 75].map((p) => days(warnings, p)).join(' '),
    'days from its beginning to the word, p50': days(delays, 50),
    'planted struggling students told of': told(anybody(planted)),
    'other students told of': told(anybody(all.filter((s) => !s.planted))),
    'notices per teacher and week, p50 by school': weeks.map((w) => w.p50).join(' '),
    'notices per teacher and week, p95 by school': weeks.map((w) => w.p95).join(' '),
    'fired again within seven days': percent(again / count),
  }
}

/** One line per rule that told anybody anything. */
function rules(all: readonly StudentCount[], said: readonly Alerted[], seconds: number): Figure[] {
  const fired = Map.groupBy(
    said.flatMap((r) => r.rules),
    (r) => r.rule,
  )
  return [...fired].map(([rule, counts]) => {
    const sum = (pick: 'fired' | 'again' | 'notices') => counts.reduce((n, c) => n + c[pick], 0)
    const of = (pick: 'right' | 'says') =>
      told(
        shareOver(
          all,
          (s) => over(s, pick, rule),
          (s) => over(s, 'told', rule),
        ),
      )
    const lap = { seconds, cpuMs: Number.NaN, mainMs: Number.NaN, gcMs: Number.NaN }
    return {
      ...figure({ scenario: 'alerting-school', what: `rule ${rule}`, records: sum('fired') }, lap, {
        notices: sum('notices'),
        'struggled on the topic': of('right'),
        'what it says is true': of('says'),
        'again within seven days': percent(sum('again') / sum('fired')),
      }),
      cpu_us: null,
      main_us: null,
      gc_share: null,
    }
  })
}

export const cases = { year }
