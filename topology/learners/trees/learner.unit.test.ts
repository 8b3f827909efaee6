import { beforeAll, describe, expect, it } from 'vitest'
import type { TrainingPoint } from '../../evaluation/learner.ts'
import { answersOf, logOf } from '../../evaluation/testing/answers.ts'
import { ELO_LEARNER } from '../elo/learner.ts'
import { baseOf } from './bases.ts'
import { HISTORY_FEATURES } from './history.ts'
import { explain, featuresOf, rowOf, type TreesArtefact, treesLearner } from './learner.ts'

const RUN = { seed: 3 }

describe('trees', () => {
  const bases = [baseOf(ELO_LEARNER)]
  const learner = treesLearner('trees', 'On Elo alone.', bases, { folds: 3, rounds: 20 })
  const log = logOf(answersOf(6, { students: 40, answers: 30 }))
  let artefact: TreesArtefact

  beforeAll(async () => {
    artefact = await learner.fit(log, RUN)
  })

  it('explain each prediction as a sum over named features', async () => {
    expect(artefact.features).toEqual(['elo_logit', ...HISTORY_FEATURES])
    const p = await learner.predict(artefact, log, RUN)
    const x = await featuresOf(artefact, log, RUN, bases)
    for (const r of [0, 1, 40, log.size - 1]) {
      const { base, effects } = explain(artefact, rowOf(x, r))
      const z = base + effects.reduce((a, b) => a + b, 0)
      expect(1 / (1 + Math.exp(-z))).toBeCloseTo(p[r]!, 10)
    }
  })

  it('have a forest for each fold, and ask what the base says', () => {
    expect(artefact.forests).toHaveLength(3)
    for (const { trees } of artefact.forests)
      expect(trees.some((t) => t.left.some((l, at) => l > 0 && t.feature[at] === 0))).toBe(true)
  })

  it('are not read with other features, or cut off', () => {
    const bytes = learner.encode(artefact)
    expect(() => treesLearner('trees', '', []).parse(bytes)).toThrow('other features')
    expect(() => learner.parse(bytes.subarray(0, bytes.length - 1))).toThrow('cut off')
  })

  it('that were killed go on from what they had done, to the same bytes and the same curve', async () => {
    const saved: Uint8Array[] = []
    const fitted = async (from: number | null) => {
      const curve: TrainingPoint[] = []
      const phases: string[] = []
      const a = await learner.fit(log, {
        seed: 3,
        curve: (point) => void curve.push(point),
        progress: ({ phase }) => void phases.push(phase),
        checkpoint: {
          load: async () => (from === null ? null : saved[from]!),
          save: async (bytes) => void (from === null && saved.push(bytes)),
        },
      })
      return { bytes: Buffer.from(learner.encode(a)), curve, grown: phases.filter((f) => f.startsWith('trees')).length }
    }
    const whole = await fitted(null)
    expect(whole.curve.map((c) => c.series)).toContain('forest 2, students of fold 2')
    expect(saved).toHaveLength(4 + 3)
    // After all models; after the first forest; after the last one.
    for (const [from, share] of [
      [3, 1],
      [4, 2 / 3],
      [6, 0],
    ] as const) {
      const { bytes, curve, grown } = await fitted(from)
      expect(bytes.equals(whole.bytes)).toBe(true)
      expect(curve).toEqual(whole.curve)
      expect(grown).toBe(share * whole.grown)
    }
    // Of other answers, or of anything else, nothing is used.
    const other = answersOf(7, { students: 40, answers: 30 })
    const fresh = await learner.fit(logOf(other), { seed: 3 })
    for (const kept of [saved[6]!, new Uint8Array(3)]) {
      const again = await learner.fit(logOf(other), {
        seed: 3,
        checkpoint: { load: async () => kept, save: async () => {} },
      })
      expect(Buffer.from(learner.encode(again)).equals(learner.encode(fresh))).toBe(true)
    }
  })

  it('tell how far the fit is, and end when told to', async () => {
    const shares: number[] = []
    await learner.fit(log, { seed: 3, progress: (p) => void shares.push(p.done / p.total) })
    expect(shares.toSorted((a, b) => a - b)).toEqual(shares)
    expect(shares.at(-1)).toBeLessThanOrEqual(1)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(learner.fit(log, { seed: 3, signal })).rejects.toThrow('enough')
  })
})
