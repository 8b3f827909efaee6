import { minimise } from '../../numeric/lbfgs.ts'

const SEARCH = { tolerance: 1e-6, iterations: 200 }

/**
 * Shares of the parts, none negative, that sum to 1, and a scale and a bias: logit = bias + scale * sum(share * part's
 * logit), with the least mean log loss over `rows`. No share is negative, so that the blend rises with each part.
 */
export interface Mixture {
  shares: number[]
  scale: number
  bias: number
}

/**
 * @param parts logits, a column per part
 * @param target per row 1 or 0, or a share between them
 * @param weight per row, times its loss; none: 1 throughout
 */
export function fitMixture(
  parts: readonly Float64Array[],
  target: Uint8Array | Float64Array,
  rows: Int32Array,
  weight?: Float64Array,
): Mixture {
  const k = parts.length
  const all = weight ? rows.reduce((sum, r) => sum + weight[r]!, 0) : rows.length
  const n = Math.max(1, all)
  // Softmax of the first k, log of the scale, bias.
  const found = minimise(
    (u, gradient) => {
      const m = mixtureOf(u, k)
      gradient.fill(0)
      let loss = 0
      const byPart = new Float64Array(k)
      let byScale = 0
      let byBias = 0
      for (const r of rows) {
        let mixed = 0
        for (let j = 0; j < k; j++) mixed += m.shares[j]! * parts[j]![r]!
        const z = m.bias + m.scale * mixed
        const y = target[r]!
        const w = weight ? weight[r]! : 1
        const e = Math.exp(-Math.abs(z))
        loss += w * (Math.log1p(e) + Math.max(z, 0) - y * z)
        const error = w * ((z > 0 ? 1 : e) / (1 + e) - y)
        byBias += error
        byScale += error * mixed
        for (let j = 0; j < k; j++) byPart[j]! += error * m.scale * (parts[j]![r]! - mixed)
      }
      // A weak pull towards equal shares and scale 1: without answers nothing else decides.
      for (let j = 0; j < k; j++) {
        loss += (PULL * u[j]! * u[j]!) / 2
        gradient[j] = (byPart[j]! * m.shares[j]! + PULL * u[j]!) / n
      }
      for (const [at, by] of [byScale * m.scale, byBias].entries()) {
        loss += (PULL * u[k + at]! * u[k + at]!) / 2
        gradient[k + at] = (by + PULL * u[k + at]!) / n
      }
      return loss / n
    },
    new Float64Array(k + 2),
    SEARCH,
  )
  return mixtureOf(found.x, k)
}

const PULL = 1

function mixtureOf(u: Float64Array, k: number): Mixture {
  const most = u.subarray(0, k).reduce((a, b) => Math.max(a, b), 0)
  const e = Array.from(u.subarray(0, k), (v) => Math.exp(v - most))
  const sum = e.reduce((a, b) => a + b, 0)
  return { shares: e.map((v) => v / sum), scale: Math.exp(u[k]!), bias: u[k + 1]! }
}

/** Logits of every row. */
export function mixed({ shares, scale, bias }: Mixture, parts: readonly Float64Array[], size: number): Float64Array {
  const out = new Float64Array(size).fill(bias)
  for (const [j, part] of parts.entries()) for (let r = 0; r < size; r++) out[r]! += scale * shares[j]! * part[r]!
  return out
}
