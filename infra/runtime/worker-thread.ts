import { Worker } from 'node:worker_threads'

/** How long the work may take to end by itself after it was told to, before its thread is ended. */
const GRACE_MS = 250

export interface InWorkerOptions {
  signal?: AbortSignal
  onProgress?(fraction: number, message: string): void
  /** Of the thread's old generation, MiB; beyond it the work fails and this process goes on. Default: Node's. */
  maxMemoryMb?: number
}

/** What the work may do. */
export interface WorkerContext {
  progress(fraction: number, message: string): void
  /** Cheap to ask, also in a loop that never awaits. */
  cancelled(): boolean
}

/** What the module has to export as `work`. Input and result are copied as by structuredClone. */
export type Work<I, R> = (input: I, context: WorkerContext) => R | Promise<R>

/** An error as it crosses threads: its name is kept, and its causes. */
export interface Crossing {
  name: string
  message: string
  stack: string | undefined
  cause: Crossing | undefined
}

export type FromWorker =
  | { type: 'progress'; fraction: number; message: string }
  | { type: 'done'; result: unknown }
  | { type: 'failed'; error: Crossing }

function revive({ name, message, stack, cause }: Crossing): Error {
  const error = new Error(message, cause ? { cause: revive(cause) } : {})
  error.name = name
  if (stack) error.stack = stack
  return error
}

/**
 * Runs `work` of a module (TypeScript too) in a thread of its own, so that this one's event loop stays free: locks are
 * renewed, ticks are sent. Aborting ends the thread even within a loop that never yields.
 * @param module URL of a module that exports `work`
 * @throws what the work throws, with its name and causes; the signal's reason after an abort
 */
export function runInWorker<R, I = unknown>(module: URL | string, input: I, options: InWorkerOptions = {}): Promise<R> {
  const { signal, onProgress, maxMemoryMb } = options
  return new Promise<R>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const flag = new SharedArrayBuffer(4)
    const worker = new Worker(new URL('./worker-thread-main.ts', import.meta.url), {
      workerData: { module: String(module), input, flag },
      ...(maxMemoryMb ? { resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb } } : {}),
    })
    let ended = false
    let grace: NodeJS.Timeout | undefined
    const end = (settle: () => void) => {
      if (ended) return
      ended = true
      clearTimeout(grace)
      signal?.removeEventListener('abort', abort)
      void worker.terminate().then(settle)
    }
    const abort = () => {
      Atomics.store(new Int32Array(flag), 0, 1)
      grace = setTimeout(() => end(() => reject(signal!.reason as Error)), GRACE_MS)
    }
    signal?.addEventListener('abort', abort)
    worker.on('message', (m: FromWorker) => {
      if (m.type === 'progress') onProgress?.(m.fraction, m.message)
      else if (signal?.aborted) end(() => reject(signal.reason as Error))
      else if (m.type === 'done') end(() => resolve(m.result as R))
      else end(() => reject(revive(m.error)))
    })
    worker.on('error', (e) => end(() => reject(new Error(`${module} failed: ${e.message}`, { cause: e }))))
    worker.on('exit', (code) =>
      end(() => reject(new Error(`${module} ended its thread with code ${code} and gave no result.`))),
    )
  })
}
