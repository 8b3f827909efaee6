import { table } from '@mastery/cli/src/tables.ts'
import type { Figure, Machine } from './measure.ts'

export interface Result {
  machine: Machine
  quick: boolean
  figures: Figure[]
  not_run: { scenario: string; reason: string }[]
  failed: { scenario: string; reason: string }[]
}

const whole = (x: number) => Math.round(x).toLocaleString('en')
const short = (x: number | null, digits = 1) =>
  x === null || Number.isNaN(x)
    ? '-'
    : x >= 1000
      ? whole(x)
      : x >= 0.1 || x === 0
        ? x.toFixed(digits)
        : x.toPrecision(2)

function goalText(f: Figure): string {
  if (!f.goal) return ''
  const { value, unit, sense, reached } = f.goal
  return `${sense === 'at_least' ? '>=' : '<='} ${value.toLocaleString('en')} ${unit}: ${reached ? 'reached' : 'not reached'}`
}

/** The table for people: one line per figure, then what the ceilings are, then what else was counted. */
export function report(r: Result): string {
  const ceilings: string[] = []
  const number = (f: Figure): string => {
    if (!f.ceiling) return ''
    const text = `${f.ceiling.value.toLocaleString('en')}: ${f.ceiling.what}`
    if (!ceilings.includes(text)) ceilings.push(text)
    return ` [${ceilings.indexOf(text) + 1}]`
  }
  const rows = r.figures.map((f) => [
    `${f.scenario}  ${f.what}`,
    whole(f.per_second),
    short(f.cpu_us),
    short(f.main_us),
    f.gc_share === null ? '-' : `${Math.round(f.gc_share * 100)} %`,
    short(f.p50_ms),
    short(f.p99_ms),
    f.peak_rss_mib === null ? '-' : whole(f.peak_rss_mib),
    f.share_of_ceiling === null ? '-' : `${Math.round(f.share_of_ceiling * 100)} %${number(f)}`,
    goalText(f),
  ])
  const head = ['', 'records/s', 'CPU us', 'main us', 'GC', 'p50 ms', 'p99 ms', 'peak MiB', 'of ceiling', 'goal']
  const m = r.machine
  const more = r.figures
    .filter((f) => Object.keys(f.more).length > 0)
    .map((f) => {
      const facts = Object.entries(f.more).map(([k, v]) => `${k} ${typeof v === 'number' ? short(v) : v}`)
      return `  ${f.scenario}  ${f.what}: ${facts.join(', ')}`
    })
  return [
    `${m.cpu}, ${m.cores} cores, ${m.memory_gib} GiB, node ${m.node}${m.node_flags ? ` ${m.node_flags}` : ''}, load ${m.load_at_start} at the start${r.quick ? ', QUICK: sizes too small to mean anything' : ''}`,
    table(head, rows),
    ...(ceilings.length > 0 ? [`Ceilings, one core\n${ceilings.map((c, i) => `  [${i + 1}] ${c}`).join('\n')}\n`] : []),
    ...(more.length > 0 ? [`${more.join('\n')}\n`] : []),
    ...r.not_run.map((n) => `not run: ${n.scenario}: ${n.reason}\n`),
    ...r.failed.map((f) => `FAILED: ${f.scenario}: ${f.reason}\n`),
  ].join('\n')
}
