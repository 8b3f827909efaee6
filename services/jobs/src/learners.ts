import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import type { AnyLearner } from '@mastery/topology/evaluation/learner.ts'
import { WEEK_LEARNERS, LEARNERS as WITHOUT_TENSORS } from '@mastery/topology/learners/catalog.ts'
import { tensorLearners } from '@mastery/topology/learners/tensor-catalog.ts'
import type { TensorRuntime } from '@mastery/topology/ports/tensor-runtime.ts'

let opened: Promise<TensorRuntime> | null = null

/** One runtime per thread; its packages are loaded when a network computes first. */
function runtime(): Promise<TensorRuntime> {
  opened ??= import('@mastery/infra/adapters/tfjs/runtime.ts').then(({ openTensorRuntime }) =>
    openTensorRuntime({ telemetry: new ConsoleTelemetry('tensors', true) }),
  )
  return opened
}

/** Everything that can be fitted to the next answer, with what it computes on. */
export const LEARNERS: readonly AnyLearner[] = [...WITHOUT_TENSORS, ...tensorLearners(runtime)]

/** Everything that versions are trained of: forecasts of the week, too. */
export const TRAINED: readonly AnyLearner[] = [...LEARNERS, ...WEEK_LEARNERS]

/** @throws Error that lists the known ids, where there is no such learner */
export function learnerNamed(id: string): AnyLearner {
  const found = TRAINED.find((l) => l.id === id)
  if (!found) throw new Error(`There is no model "${id}". Give one of ${TRAINED.map((l) => l.id).join(', ')}.`)
  return found
}
