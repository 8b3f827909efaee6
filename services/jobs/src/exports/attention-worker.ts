import { parentPort, workerData } from 'node:worker_threads'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { openScoringEngine } from '@mastery/infra/runtime/engines.ts'
import { attentionOf } from '@mastery/topology/learners/sakt/attention.ts'
import { SAKT } from '@mastery/topology/learners/sakt/learner.ts'
import { SaktServing } from '@mastery/topology/learners/sakt/serving.ts'
import { parseSequence } from '@mastery/topology/learners/sequence/learner.ts'
import type { AskAttention, FromAttention } from './attention-thread.ts'

async function open() {
  const artefact = parseSequence(SAKT, workerData as Uint8Array)
  const engine = await openScoringEngine(new ConsoleTelemetry('tensors', true))
  return { artefact, serving: await SaktServing.open(engine, artefact) }
}

const opened = open()
const say = (m: FromAttention) => parentPort!.postMessage(m)
const failed = (e: unknown) => say({ type: 'failed', message: (e as Error).message })

opened.then(({ serving }) => say({ type: 'opened', window: serving.window }), failed)
parentPort!.on('message', ({ students, newest, most }: AskAttention) => {
  opened
    .then(({ artefact, serving }) => attentionOf(serving, artefact, students, newest, most))
    .then((found) => say({ type: 'found', found }), failed)
})
