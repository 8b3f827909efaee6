import { parentPort, workerData } from 'node:worker_threads'
import type { Crossing, FromWorker, Work } from './worker-thread.ts'

const port = parentPort!
const { module, input, flag } = workerData as { module: string; input: unknown; flag: SharedArrayBuffer }
const cancelled = new Int32Array(flag)
const say = (m: FromWorker) => port.postMessage(m)

function crossing(e: unknown, depth = 0): Crossing {
  if (!(e instanceof Error)) return { name: 'Error', message: String(e), stack: undefined, cause: undefined }
  const cause = e.cause == null || depth > 6 ? undefined : crossing(e.cause, depth + 1)
  return { name: e.name, message: e.message, stack: e.stack, cause }
}

try {
  const { work } = (await import(module)) as { work?: Work<unknown, unknown> }
  if (typeof work !== 'function') throw new Error(`${module} exports no function "work".`)
  const result = await work(input, {
    progress: (fraction, message) => say({ type: 'progress', fraction, message }),
    cancelled: () => Atomics.load(cancelled, 0) === 1,
  })
  say({ type: 'done', result })
} catch (e) {
  say({ type: 'failed', error: crossing(e) })
}
