import { runInWorker } from '@mastery/infra/runtime/worker-thread.ts'

export interface PoolTask<T> {
  /** For people: what is being done. */
  name: string
  input: T
}

export interface PoolOptions<R> {
  /** At a time. */
  threads: number
  signal?: AbortSignal
  /** Share of all tasks that is done, and what the running ones are at. */
  onProgress(share: number, detail: string): void
  /** Each outcome as it comes, by the place of its task. */
  onOutcome?(task: number, outcome: R): void
}

/** Does tasks by one module's `work`, each in a thread of its own; outcomes in their order. The first failure ends the others. */
export async function inThreads<R, T = unknown>(
  module: URL,
  tasks: readonly PoolTask<T>[],
  options: PoolOptions<R>,
): Promise<R[]> {
  const outcomes: R[] = []
  const running = new Map<number, { fraction: number; message: string }>()
  const failed = new AbortController()
  const signal = AbortSignal.any(options.signal ? [options.signal, failed.signal] : [failed.signal])
  let next = 0
  let ended = 0
  const tell = () => {
    const parts = [...running].map(([i, r]) => `${tasks[i]!.name} ${Math.round(r.fraction * 100)} % ${r.message}`)
    const share = [...running.values()].reduce((sum, r) => sum + r.fraction, ended)
    options.onProgress(share / tasks.length, parts.join('; '))
  }
  const worker = async () => {
    while (next < tasks.length) {
      const i = next++
      running.set(i, { fraction: 0, message: '' })
      outcomes[i] = await runInWorker<R>(module, tasks[i]!.input, {
        signal,
        onProgress(fraction, message) {
          running.set(i, { fraction, message })
          tell()
        },
      })
      running.delete(i)
      ended++
      options.onOutcome?.(i, outcomes[i]!)
      tell()
    }
  }
  await Promise.all(
    Array.from({ length: Math.min(options.threads, tasks.length) }, () =>
      worker().catch((e) => {
        failed.abort(e)
        throw e
      }),
    ),
  )
  return outcomes
}
