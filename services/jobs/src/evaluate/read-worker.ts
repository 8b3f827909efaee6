import type { WorkerContext } from '@mastery/infra/runtime/worker-thread.ts'
import { runInWorker } from '@mastery/infra/runtime/worker-thread.ts'
import { loaderFormat } from '@mastery/topology/evaluation/loaders/formats.ts'
import { type AnswerFiles, type ReadAnswers, readAnswers } from './read-answers.ts'
import { sharedLog } from './shared-log.ts'

type Input = Omit<AnswerFiles, 'format'> & { format: string }

/** `readAnswers` in a thread of its own; what was read is in memory that threads share. @throws LoadError by its name */
export function readInThread(
  { format, ...files }: AnswerFiles,
  signal: AbortSignal,
  onBytes: (share: number) => void,
): Promise<ReadAnswers> {
  const input: Input = { ...files, format: format.id }
  return runInWorker<ReadAnswers>(new URL('./read-worker.ts', import.meta.url), input, { signal, onProgress: onBytes })
}

export async function work({ format, ...files }: Input, context: WorkerContext): Promise<ReadAnswers> {
  const stop = new AbortController()
  let told = 0
  const read = await readAnswers({ ...files, format: loaderFormat(format) }, stop.signal, (share) => {
    if (context.cancelled()) stop.abort(new Error('The reading was called off.'))
    if (performance.now() - told < 200) return
    told = performance.now()
    context.progress(share, '')
  })
  return { ...read, log: sharedLog(read.log) }
}
