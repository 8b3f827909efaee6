import { createHash } from 'node:crypto'
import type { GoldRows } from '@mastery/topology/ports/gold-store.ts'
import { fitForgetting } from '@mastery/topology/progress/forgetting.ts'
import { kaplanMeier } from '@mastery/topology/progress/kaplan-meier.ts'
import { binFigures, RetentionTally } from '@mastery/topology/progress/retention.ts'
import { DIMENSION } from '@mastery/topology/recommend/context.ts'
import { writeLearned } from '@mastery/topology/recommend/learned.ts'
import { addSums, type LinearSums, noSums } from '@mastery/topology/recommend/linear.ts'
import type { Decays } from '@mastery/topology/recommend/view.ts'
import type { ProgressResult, Times } from './worker.ts'

/** What is computed over all students of one tenant, added up from ranges of them. */
export class OverAll {
  students = 0
  answers = 0
  readonly sums: LinearSums = noSums(DIMENSION)
  private readonly times = new Map<string, { opportunities: Times; days: Times }>()
  private readonly retention = new Map<string, RetentionTally>()

  add(r: ProgressResult): void {
    this.students += r.students
    this.answers += r.answers
    addSums(this.sums, r.sums)
    for (const [topic, found] of r.times) {
      let mine = this.times.get(topic)
      if (!mine) this.times.set(topic, (mine = { opportunities: new Map(), days: new Map() }))
      for (const scale of ['opportunities', 'days'] as const)
        for (const [time, [reached, censored]] of found[scale]) {
          const known = mine[scale].get(time)
          mine[scale].set(time, [(known?.[0] ?? 0) + reached, (known?.[1] ?? 0) + censored])
        }
    }
    for (const [topic, bins] of r.retention) {
      let mine = this.retention.get(topic)
      if (!mine) this.retention.set(topic, (mine = new RetentionTally()))
      mine.merge(bins)
    }
  }

  get topics(): number {
    return this.times.size
  }

  /** `computedAt`: UTC milliseconds. */
  rows(tenant: string, computedAt: number, decays: Decays): GoldRows[] {
    return [
      { table: 'mastery_survival', rows: this.survival(tenant, computedAt) },
      { table: 'retention_curves', rows: this.curves(tenant, computedAt) },
      { table: 'retention_fits', rows: this.fits(tenant, computedAt) },
      { table: 'recommendation_policies', rows: this.policies(tenant, computedAt, decays) },
    ]
  }

  private survival(tenant: string, computedAt: number): unknown[][] {
    return [...this.times].flatMap(([topic, scales]) =>
      (['opportunities', 'days'] as const).flatMap((scale) => {
        const counts = [...scales[scale]].map(([time, [reached, censored]]) => ({ time, reached, censored }))
        return kaplanMeier(counts).map((p) => [
          tenant,
          topic,
          scale,
          p.time,
          p.atRisk,
          p.reached,
          p.censored,
          p.survival,
          p.low,
          p.high,
          computedAt,
        ])
      }),
    )
  }

  private curves(tenant: string, computedAt: number): unknown[][] {
    return [...this.retention].flatMap(([topic, { bins }]) =>
      bins.flatMap((b) => {
        const f = binFigures(b)
        if (f === null) return []
        const to = Number.isFinite(b.to) ? b.to : null
        return [
          [tenant, topic, b.from, to, b.n, b.correct, f.accuracy, f.low, f.high, f.meanDays, f.expected, computedAt],
        ]
      }),
    )
  }

  private fits(tenant: string, computedAt: number): unknown[][] {
    return [...this.retention].flatMap(([topic, { bins }]) =>
      [false, true].flatMap((adjusted) => {
        const f = fitForgetting(bins, adjusted)
        if (f === null) return []
        const basis = adjusted ? 'ratio' : 'accuracy'
        return [[tenant, topic, basis, f.level, f.levelSe, f.decay, f.decaySe, f.halfLife, f.answers, computedAt]]
      }),
    )
  }

  private policies(tenant: string, computedAt: number, decays: Decays): unknown[][] {
    if (this.sums.n === 0) return []
    const payload = writeLearned({ sums: this.sums, decays })
    const hash = createHash('sha256').update(payload).digest('hex').slice(0, 10)
    const version = `${new Date(computedAt).toISOString().slice(0, 10)}.${hash}`
    return [[tenant, version, this.sums.n, payload, computedAt]]
  }
}
