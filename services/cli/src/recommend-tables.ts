import type { Estimate } from '@mastery/topology/recommend/off-policy.ts'
import type { RecommendationEvaluation } from '@mastery/topology/recommend/simulation/evaluate.ts'
import { table } from './tables.ts'

const f = (x: number) => x.toFixed(4)
const estimate = (e: Estimate) => `${f(e.value)} (${f(e.low)} to ${f(e.high)})`

export function evaluationTable(r: RecommendationEvaluation): string {
  const values = table(
    ['policy', 'true value', 'give or take', 'IPS', 'SNIPS', 'DR', 'effective', 'greatest weight'],
    r.policies.map(({ policy, truth, estimates: e }) => [
      policy,
      f(truth.reward),
      f(truth.rewardSe),
      estimate(e.ips),
      estimate(e.snips),
      estimate(e.dr),
      Math.round(e.effective).toLocaleString('en'),
      e.greatest.toFixed(1),
    ]),
  )
  const over = table(
    ['policy', 'over', 'truly', 'DR'],
    r.policies.flatMap(({ policy, over: o }) => o.map((x) => [policy, x.policy, f(x.truth), estimate(x.dr)])),
  )
  const learned = table(
    ['policy', 'gain per stretch', 'all topics before', 'after a term', 'over random', 'give or take'],
    r.policies.map(({ policy, truth, term }) => [
      policy,
      f(truth.gain),
      f(term.start),
      f(term.end),
      f(term.overRandom),
      f(term.overRandomSe),
    ]),
  )
  const n = (x: number) => x.toLocaleString('en')
  return `Trained on ${n(r.trained)} choices of ${n(Math.floor(r.options.students / 2))} students, judged by ${n(r.evaluated)} choices of the others.
The log's own reward: mean ${f(r.reward.mean)}, standard deviation of one ${f(r.reward.sd)}.

Expected reward of one choice in the contexts of the log; intervals over students
${values}
What it is worth more than another, on the same draws
${over}
Planted chance of success, on the topic practised and over all topics where the policy chooses for a whole term
${learned}
Correlation of expected reward and planted gain, over all that could have been chosen: ${r.rewardAndGain.toFixed(2)}.
`
}
