import type { Figure } from './measure.ts'

/** What a case gets from whoever runs it. */
export interface Run {
  /** Sizes divided by ten or so: proves that the case works, measures nothing. */
  quick: boolean
  note(text: string): void
}

/** A case could not run here. The message is the reason. */
export class NotRun extends Error {
  override name = 'NotRun'
}

export type Case = (run: Run) => Promise<Figure[]>

/** Every scenario is the file of its name; each of its cases runs in a process of its own. */
export const SCENARIOS: Readonly<Record<string, readonly string[]>> = {
  codec: ['codec'],
  core: ['demo', 'wide', 'deep'],
  embedded: ['wide', 'demo'],
  local: ['wide'],
  live: ['live'],
  memory: ['memory'],
  alerts: ['stage', 'ticks'],
  'alerting-school': ['year'],
  labels: ['school'],
  replay: ['alone', 'beside'],
  reconcile: ['small', 'large'],
  answers: ['1M', '10M', '100M'],
  learners: ['bkt', 'bkt-forget', 'elo', 'irt'],
  drift: ['stages', 'quiet', 'shifts', 'items', 'steady', 'real'],
  tensors: ['onnx', 'wasm', 'webgpu'],
  served: ['plain', 'onnx', 'wasm', 'cpu'],
}

/** What a child says to its parent, once. */
export type Outcome = { figures: Figure[] } | { notRun: string } | { failed: string }
