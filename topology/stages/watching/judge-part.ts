import type { Evidence } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { PipelineMeasure, WatchRule } from '../../alerts/watch-rule.ts'
import { countOf, quantileMs } from '../../ops/latency.ts'
import type { Verdict } from './machine.ts'
import { liveIn, type Part, silenceOf, sumOf, type Writer } from './parts.ts'

export const fact = (code: string, value: number | null, text: string | null = null): Evidence => ({
  code,
  value,
  text,
})

/** Where a value lies between the lines of a rule. */
export function placeOf(value: number, { enter, leave }: Pick<WatchRule, 'enter' | 'leave'>): Verdict['at'] {
  if (value >= enter) return 'enter'
  return value <= leave ? 'leave' : 'between'
}

interface Measured {
  value: number
  context: Evidence[]
}

const QUANTILE = 0.99

/** What a part's measure is at a time; null: too little to say. */
function measured(p: Part, rule: WatchRule, now: number, heard: number): Measured | null {
  const measure = rule.measure as PipelineMeasure
  const live = liveIn(p)
  const all = (of: (w: Writer) => number) => live.reduce((sum, w) => sum + of(w), 0)
  switch (measure) {
    case 'silence': {
      const silent = silenceOf(p, heard)
      if (silent === null) return { value: 0, context: [] }
      const newest = Math.max(...live.map((w) => w.to))
      return { value: Math.floor(silent / 1000), context: [fact('last_heard', newest)] }
    }
    case 'lag': {
      const known = live.filter((w) => w.lag !== null)
      if (known.length === 0) return null
      const rebuilding = all((w) => w.rebuilding)
      const context = rebuilding > 0 ? [fact('rebuilding', rebuilding)] : []
      return { value: known.reduce((sum, w) => sum + w.lag!, 0), context }
    }
    case 'stopped': {
      if (live.length === 0) return null
      const problem = live.find((w) => w.problem !== null)?.problem ?? null
      const context = [
        fact(
          'partitions',
          all((w) => w.partitions),
        ),
      ]
      if (problem !== null) context.push(fact('problem', null, problem))
      return { value: all((w) => w.stopped), context }
    }
    case 'latency_p99':
    case 'age_p99': {
      const sum = sumOf(p, now, rule.window)
      const bins = measure === 'latency_p99' ? sum.latency : sum.age
      const n = countOf(bins)
      const value = n < rule.least ? null : quantileMs(bins, QUANTILE)
      return value === null ? null : { value, context: [fact('operations', n), fact('window', rule.window)] }
    }
    default: {
      const sum = sumOf(p, now, rule.window)
      const failed = { dead_letters: sum.deadLetters, errors: sum.errors, retries: sum.retries }[measure]
      const n = measure === 'retries' ? sum.operations : Math.max(sum.operations, failed)
      // Where nothing gets through but is tried again and again, the attempts are what there is.
      if (Math.max(n, failed) < rule.least) return null
      const context = [fact('failed', failed), fact('operations', n), fact('window', rule.window)]
      return { value: failed / Math.max(1, n), context }
    }
  }
}

/** What a rule of kind `pipeline` says of a part. */
export function judgePart(p: Part, rule: WatchRule, now: number, heard: number): Verdict | null {
  const m = measured(p, rule, now, heard)
  if (m === null) return null
  const of = [...new Set([...p.writers.values()].map((w) => w.service))].sort()
  const evidence = [fact('part', null, p.name), fact(rule.measure!, m.value), fact('line', rule.enter), ...m.context]
  for (const service of of) evidence.push(fact('service', null, service))
  return { at: placeOf(m.value, rule), evidence, members: [] }
}
