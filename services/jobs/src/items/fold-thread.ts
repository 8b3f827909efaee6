import { Worker } from 'node:worker_threads'
import type { FoldCounts, FoldedRows, FoldSetup, FromFold, ToFold } from './messages.ts'

/** Chunks that may be under way to the thread: it has the next one when it is done with one, and memory stays bounded. */
const UNDER_WAY = 4

interface Feed {
  setup: FoldSetup
  /** RowBinary of `predictedSql`. */
  chunks: AsyncIterable<Uint8Array>
  signal?: AbortSignal
  /** Called one at a time; the next chunks wait until it resolves. */
  rows(rows: FoldedRows): Promise<void>
  progress(answers: number): void
}

/**
 * Folds answers to item health and drift in a thread of its own; what it has made is handed out as it goes along.
 * @throws what the thread throws; the signal's reason after an abort
 */
export async function foldInThread({ setup, chunks, signal, rows, progress }: Feed): Promise<FoldCounts> {
  const worker = new Worker(new URL('./fold-worker.ts', import.meta.url), { workerData: setup })
  let wake: () => void = () => {}
  let broken: Error | null = null
  const answers: FromFold[] = []
  const told = () => {
    wake()
  }
  const fail = (e: Error) => {
    broken ??= e
    told()
  }
  worker.on('message', (m: FromFold) => {
    answers.push(m)
    told()
  })
  worker.on('error', (e) => fail(new Error(`Item statistics failed: ${(e as Error).message}`, { cause: e })))
  worker.on('exit', (code) => fail(new Error(`The thread of the item statistics ended with code ${code}.`)))
  const next = async (): Promise<Exclude<FromFold, { type: 'failed' }>> => {
    for (;;) {
      signal?.throwIfAborted()
      const m = answers.shift()
      if (m?.type === 'failed') throw Object.assign(new Error(m.message), { stack: m.stack })
      if (m) return m
      if (broken) throw broken
      await new Promise<void>((r) => {
        wake = r
      })
    }
  }
  signal?.addEventListener('abort', told)
  try {
    let open = 0
    const settle = async () => {
      const m = await next()
      open--
      await rows(m.rows)
      if (m.type === 'taken') progress(m.answers)
      return m
    }
    for await (const chunk of chunks) {
      // The engine's memory is its own; what goes to another thread must not be.
      const bytes = new Uint8Array(chunk)
      worker.postMessage({ type: 'chunk', bytes } satisfies ToFold, [bytes.buffer])
      open++
      while (open >= UNDER_WAY) await settle()
    }
    worker.postMessage({ type: 'end' } satisfies ToFold)
    open++
    for (;;) {
      const m = await settle()
      if (m.type === 'done') return m.counts
    }
  } finally {
    signal?.removeEventListener('abort', told)
    await worker.terminate()
  }
}
