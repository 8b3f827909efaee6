import { createRequire } from 'node:module'
import type { Device } from './device.ts'
import { tf } from './tf.ts'

/**
 * libtensorflow on CUDA 11, where an operator installed @tensorflow/tfjs-node-gpu 4.22.0 beside us: it is never fetched
 * by our own installation.
 */
export async function nodeGpuDevice(): Promise<Device> {
  const require = createRequire(import.meta.url)
  // Gone from Node 23 on; the package reads it when it runs (tensorflow/tfjs pull request 8425, never released).
  const util = require('node:util') as { isNullOrUndefined?: (x: unknown) => boolean }
  util.isNullOrUndefined ??= (x) => x === null || x === undefined
  const name: string = '@tensorflow/tfjs-node-gpu'
  await import(name)
  if (!(await tf.setBackend('tensorflow'))) throw new Error('The backend of tfjs-node-gpu did not start.')
  return {
    name: 'tensorflow',
    backend: 'node-gpu',
    about: 'libtensorflow',
    fault: () => null,
    async restart() {
      throw new Error('libtensorflow cannot be started twice in one process: start the process again.')
    },
    async close() {},
  }
}
