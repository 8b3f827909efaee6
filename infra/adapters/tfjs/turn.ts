import { tf } from './tf.ts'

let last: Promise<unknown> = Promise.resolve()

/**
 * Runs `work` with `backend` set. TF.js has one current backend per process, so that runs of several runtimes take
 * turns; `work` may await what it likes. An empty name leaves the choice to `work`.
 */
export function inTurn<T>(backend: string, work: () => Promise<T>): Promise<T> {
  const turn = last.then(async () => {
    if (backend !== '' && tf.engine().backendName !== backend && !(await tf.setBackend(backend)))
      throw new Error(`TF.js could not start its backend "${backend}".`)
    return work()
  })
  last = turn.catch(() => {})
  return turn
}
