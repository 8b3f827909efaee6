import type { Flag, ItemHealth } from './item-health.ts'

/** One-sided 95 %: what lies on the wrong side of a line by chance alone is no flag. */
const Z = 1.645
const TIMED = 30
const OPTION_ANSWERS = 30
const OPTION_SHARE = 0.05

const two = (x: number) => x.toFixed(2)
const percent = (x: number) => `${(100 * x).toFixed(0)} %`

/**
 * What is wrong with an item that has enough answers. Lines: p-value 0.2 and 0.95, point-biserial 0 and 0.1 (Ebel &
 * Frisbie, Essentials of Educational Measurement, 1991), mean squares 0.7 and 1.3 with |z| above 2 (Wright & Linacre,
 * Rasch Measurement Transactions 8, 1994), a shift of half a logit, a response-time fidelity below 0.9 (Wise & Kong 2005).
 * A correlation has to lie below its line by more than its error (Fisher's z): with 30 answers, 0.1 is often chance.
 */
export function flagsOf(h: ItemHealth, comparable: boolean): Flag[] {
  return [
    ...levelFlags(h),
    ...discriminationFlags(h),
    ...fitFlags(h),
    ...parameterFlags(h, comparable),
    ...timeFlags(h),
    ...optionFlags(h),
  ]
}

function* levelFlags({ pValue, answers }: ItemHealth): Generator<Flag> {
  if (pValue < 0.2)
    yield {
      code: 'too_hard',
      reason: `only ${percent(pValue)} of ${answers} answers are right: check the key and the wording`,
    }
  if (pValue > 0.95)
    yield { code: 'too_easy', reason: `${percent(pValue)} of ${answers} answers are right: it tells hardly anything` }
}

/** Upper 95 % bound of a correlation by Fisher's z. */
function upperBound(r: number, n: number): number {
  return Math.tanh(Math.atanh(Math.max(-0.9999, Math.min(0.9999, r))) + Z / Math.sqrt(Math.max(1, n - 3)))
}

function* discriminationFlags({ pointBiserial: r, answers }: ItemHealth): Generator<Flag> {
  if (r === null) return
  const most = upperBound(r, answers)
  if (most < 0)
    yield {
      code: 'negative_discrimination',
      reason: `abler students are right less often (point-biserial ${two(r)}): the key may be wrong`,
    }
  else if (most < 0.1)
    yield {
      code: 'poor_discrimination',
      reason: `being right hardly depends on ability (point-biserial ${two(r)}, at most ${two(most)})`,
    }
}

function* fitFlags({ fit }: ItemHealth): Generator<Flag> {
  for (const [name, square, z] of [
    ['infit', fit.infit, fit.infitZ],
    ['outfit', fit.outfit, fit.outfitZ],
  ] as const) {
    const shown = `${name} mean square ${two(square)}, z ${z.toFixed(1)}`
    if (square > 1.3 && z > 2) {
      yield {
        code: 'noisy',
        reason: `answers surprise more than chance allows (${shown}): guessing, or several skills at once`,
      }
      return
    }
    if (square < 0.7 && z < -2) {
      yield { code: 'too_regular', reason: `answers follow ability more closely than chance allows (${shown})` }
      return
    }
  }
}

function* parameterFlags({ parameters, observed }: ItemHealth, comparable: boolean): Generator<Flag> {
  if (parameters === null) return
  const { difficulty: b, discrimination: a, guessing: c, difficultySe, discriminationSe } = parameters
  const change = observed.value - b
  const se = Math.sqrt(observed.se * observed.se + (difficultySe ?? 0) * (difficultySe ?? 0))
  // On a steep item the observed difficulty, which takes every slope for 1, lies elsewhere: compare where a is near 1.
  if (comparable && Math.abs(change) >= 0.5 && Math.abs(change) > 2 * se && a > 0.5 && a < 2)
    yield {
      code: change > 0 ? 'harder_than_fitted' : 'easier_than_fitted',
      reason: `answers put its difficulty at ${two(observed.value)} logits, the fit at ${two(b)} (standard error of the change ${two(se)})`,
    }
  if (discriminationSe !== null && a + Z * discriminationSe < 0.5)
    yield { code: 'weak_slope', reason: `its fitted discrimination is ${two(a)}: it hardly tells students apart` }
  if (discriminationSe !== null && a - Z * discriminationSe > 2.5)
    yield {
      code: 'steep_slope',
      reason: `its fitted discrimination is ${two(a)}: suspiciously steep, look for answers that were passed on`,
    }
  if (Math.abs(b) > 4) yield { code: 'extreme_difficulty', reason: `its fitted difficulty is ${two(b)} logits` }
  if (c > 0.35)
    yield {
      code: 'high_guessing',
      reason: `its fitted guessing is ${two(c)}: the right answer can be seen without knowing`,
    }
}

function* timeFlags({ timed, rapidRate, threshold, rapidRight }: ItemHealth): Generator<Flag> {
  if (timed < TIMED || rapidRate === null || rapidRate <= 0.1) return
  const right = rapidRight === null ? '' : `, ${percent(rapidRight)} of them right`
  yield {
    code: 'rapid_guessing',
    reason: `${percent(rapidRate)} of answers came within ${(threshold.chosen! / 1000).toFixed(1)} s${right}`,
  }
}

function* optionFlags({ options }: ItemHealth): Generator<Flag> {
  const n = options.reduce((sum, o) => sum + o.answers, 0)
  if (n < OPTION_ANSWERS) return
  for (const o of options) {
    if (o.key) continue
    if (o.share + Z * Math.sqrt((o.share * (1 - o.share)) / n) < OPTION_SHARE)
      yield { code: 'unused_option', reason: `hardly anybody chooses option ${o.option} (${percent(o.share)})` }
    if (-upperBound(-o.pointBiserial, n) > 0)
      yield {
        code: 'attractive_distractor',
        reason: `abler students choose the wrong option ${o.option} (point-biserial ${two(o.pointBiserial)}): check the key`,
      }
  }
}
