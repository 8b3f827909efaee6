import { expect, it } from 'vitest'
import { describeWithReference, sharedReference } from '../testing/shared-reference.ts'
import { Adwin } from './detectors/adwin.ts'
import { Ddm, Eddm, HddmA, HddmW } from './detectors/errors.ts'
import { type Detector, PageHinkley } from './detectors/page-hinkley.ts'
import { countBetween, decileEdges, hellinger, jsDistance, jsDistanceBase2, psi, sturgesEdges } from './distances.ts'
import { ksAsymptoticP, ksExactP } from './ks.ts'
import {
  chiSquareP,
  energyDistance,
  gTestP,
  ksDistance,
  mannWhitneyP,
  sorted,
  wasserstein,
  wassersteinNormed,
} from './samples.ts'
import { contingencyP } from './tables.ts'

interface Case {
  ref?: number[]
  cur?: number[]
  ref_counts?: number[]
  cur_counts?: number[]
  input?: string
  expected: Record<string, number | number[]>
}
interface Oracle {
  cases: Record<string, Case>
  streams: Record<string, string> & { expected_from_river_tests: Record<string, number[]> }
}

/** The generator that the file specifies: 2000 of N(0,1), then 1000 of the normal that the case names. */
function generated(input: string): [number[], number[]] {
  const [, mean, sd] = /cur=1000xN\(([\d.]+),([\d.]+)\)/.exec(input)!.map(Number) as [number, number, number]
  let s = 42
  const uniform = () => {
    s = (Math.imul(1664525, s) + 1013904223) >>> 0
    return (s + 0.5) / 4294967296
  }
  const normals: number[] = []
  while (normals.length < 3000) {
    const r = Math.sqrt(-2 * Math.log(uniform()))
    const angle = 2 * Math.PI * uniform()
    normals.push(r * Math.cos(angle), r * Math.sin(angle))
  }
  return [normals.slice(0, 2000), normals.slice(2000).map((z) => mean + sd * z)]
}

/** Equal to the digits given, up to what summing in another order changes. */
const close = (found: number, wanted: number) => Math.abs(found - wanted) <= 2e-9 * Math.abs(wanted)

describeWithReference('drift metrics equal the oracle', ['drift-oracle.json'], () => {
  const oracle = JSON.parse(sharedReference('drift-oracle.json')) as Oracle

  for (const [name, c] of Object.entries(oracle.cases)) {
    if (c.ref_counts) {
      it(`on ${name}`, () => {
        const [ref, cur, e] = [c.ref_counts!, c.cur_counts!, c.expected]
        const found: Record<string, number> = {
          chisquare_p: chiSquareP(ref, cur),
          g_test_p: gTestP(ref, cur),
          chi2_contingency_p_nocorr: contingencyP(ref, cur),
          psi: psi(ref, cur),
          js_basee: jsDistance(ref, cur),
          hellinger: hellinger(ref, cur),
        }
        for (const [metric, wanted] of Object.entries(e))
          expect([metric, found[metric], close(found[metric]!, wanted as number)]).toEqual([
            metric,
            found[metric],
            true,
          ])
      })
      continue
    }
    it(`on ${name}`, () => {
      const [r, u] = c.ref ? [c.ref, c.cur!] : generated(c.input!)
      const [ref, cur] = [sorted(r), sorted(u)]
      const d = ksDistance(ref, cur)
      const edges = decileEdges(ref)
      const [p, q] = [countBetween(ref, edges), countBetween(cur, edges)]
      const even = sturgesEdges(ref, cur)
      const evenly = (x: Float64Array) => countBetween(x, even.slice(1, -1))
      const found: Record<string, number | number[]> = {
        ks_stat: d,
        ks_p_asymp: ksAsymptoticP(d, ref.length, cur.length),
        ks_p_exact: ksExactP(d, ref.length, cur.length),
        ks_p_auto: ksExactP(d, ref.length, cur.length),
        wasserstein: wasserstein(ref, cur),
        wasserstein_evidently_norm: wassersteinNormed(ref, cur),
        energy_distance: energyDistance(ref, cur),
        mannwhitney_p: mannWhitneyP(ref, cur),
        'psi_ref_deciles_eps1e-4': psi(p, q),
        decile_edges_inner: edges,
        js_distance_deciles_basee: jsDistance(p, q),
        js_distance_deciles_base2: jsDistanceBase2(p, q),
        hellinger_deciles: hellinger(p, q),
        psi_evidently_sturges: psi(evenly(ref), evenly(cur)),
        js_evidently_sturges: jsDistance(evenly(ref), evenly(cur)),
        sturges_edges: even,
      }
      for (const [metric, wanted] of Object.entries(c.expected)) {
        const got = found[metric]
        const equal = Array.isArray(wanted)
          ? wanted.every((w, i) => close((got as number[])[i]!, w))
          : close(got as number, wanted)
        expect([metric, got, wanted, equal]).toEqual([metric, got, wanted, true])
      }
    })
  }

  const found = (d: Detector, stream: string) => [...stream].flatMap((x, i) => (d.add(Number(x)) ? [i] : []))
  const expected = oracle.streams.expected_from_river_tests
  const cases: [string, () => Detector, string][] = [
    ['ADWIN(delta=.002) stream_1', () => new Adwin(), 'river_stream_1'],
    ['PageHinkley() stream_1', () => new PageHinkley(), 'river_stream_1'],
    ['DDM stream_2', () => new Ddm(), 'river_stream_2'],
    ['EDDM stream_2', () => new Eddm(), 'river_stream_2'],
    ['HDDM_A stream_2', () => new HddmA(), 'river_stream_2'],
    ['HDDM_W stream_2', () => new HddmW(), 'river_stream_2'],
  ]
  it.each(cases)('%s', (name, make, stream) => {
    expect(found(make(), oracle.streams[stream]!)).toEqual(expected[name])
  })
})
