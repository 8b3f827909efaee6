import type { WorkerContext } from '@mastery/infra/runtime/worker-thread.ts'
import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import { differenceInterval, interval, StudentBootstrap } from '@mastery/topology/evaluation/bootstrap.ts'
import { calibrationError, equalWidth, reliabilityCurve } from '@mastery/topology/evaluation/calibration.ts'
import { scores } from '@mastery/topology/evaluation/metrics.ts'
import { auc } from '@mastery/topology/evaluation/ranking.ts'
import { splitByStudent } from '@mastery/topology/evaluation/split.ts'
import { learnerNamed } from '../learners.ts'
import { type Champion, championOf } from './champion.ts'

export interface FitTask {
  learner: string
  log: AnswerLog
  seed: number
  /** One student in so many is kept aside for the metrics. */
  folds: number
  draws: number
  /** What it would take the place of; null where the stream does not serve it. */
  champion: Champion | null
}

export interface FitResult {
  bytes: Uint8Array
  metrics: Record<string, number>
  fitSeconds: number
  heldOut: { students: number; answers: number }
}

const BINS = 10

/**
 * Fits on four students of five (as `folds` says), and measures on the others: the new version, and the champion on the
 * same answers and the same draws. Gains are the champion's log loss and 1 - AUC minus the challenger's, so that more is
 * better.
 */
export async function work(task: FitTask, context: WorkerContext): Promise<FitResult> {
  const learner = learnerNamed(task.learner)
  const { train, test } = splitByStudent(task.log, task.folds, 0, task.seed)
  const run = {
    seed: task.seed,
    progress: (p: { phase: string; done: number; total: number; loss?: number }) => {
      if (context.cancelled()) throw new Error('The training was called off.')
      const loss = p.loss === undefined ? '' : `, log loss ${p.loss.toFixed(4)}`
      context.progress((0.9 * p.done) / Math.max(1, p.total), `${task.learner}: ${p.phase}${loss}`)
    },
  }
  const began = performance.now()
  const artefact = await learner.fit(train, run)
  const fitSeconds = (performance.now() - began) / 1000
  const p = await learner.predict(artefact, test, run)
  context.progress(0.9, `${task.learner}: measuring`)

  const predictions = [p]
  if (task.champion !== null) predictions.push(await championOf(task.champion, test, run))
  const bootstrap = new StudentBootstrap(test.student, test.correct, predictions, {
    seed: task.seed,
    draws: task.draws,
  })
  while (bootstrap.advance(20)) if (context.cancelled()) throw new Error('The training was called off.')
  const [mine, champions] = bootstrap.results()

  const { rate: _, ...own } = scores(test.correct, p)
  const metrics: Record<string, number> = {
    ...own,
    auc: auc(test.correct, p),
    auc_low: interval(mine!.auc).low,
    auc_high: interval(mine!.auc).high,
    ece: calibrationError(reliabilityCurve(test.correct, p, equalWidth(p, BINS))),
  }
  if (champions) {
    const q = predictions[1]!
    const auced = differenceInterval(mine!.auc, champions.auc)
    const lost = differenceInterval(champions.log_loss, mine!.log_loss)
    Object.assign(metrics, {
      champion_auc: auc(test.correct, q),
      champion_log_loss: scores(test.correct, q).log_loss,
      gain_auc_low: auced.low,
      gain_auc_high: auced.high,
      gain_log_loss: scores(test.correct, q).log_loss - own.log_loss,
      gain_log_loss_low: lost.low,
      gain_log_loss_high: lost.high,
    })
  }
  return {
    bytes: learner.encode(artefact),
    metrics,
    fitSeconds,
    heldOut: { students: test.students.length, answers: test.size },
  }
}
