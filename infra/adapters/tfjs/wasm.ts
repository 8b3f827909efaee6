import '@tensorflow/tfjs-backend-wasm'
import type { Device } from './device.ts'
import { checkKernels } from './kernel-check.ts'
import { tf } from './tf.ts'
import { cureKernels } from './wasm-kernels.ts'

const NAME = 'wasm'

/** WebAssembly with SIMD, one thread: for more, start one worker thread each. */
export async function wasmDevice(): Promise<Device> {
  cureKernels()
  if (!(await tf.setBackend(NAME))) throw new Error('The WASM backend of TF.js did not start.')
  checkKernels()
  return {
    name: NAME,
    backend: NAME,
    about: (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'SIMD, one thread' : 'one thread',
    fault: () => null,
    async restart() {
      await renew(NAME)
    },
    async close() {},
  }
}

/** A new instance of a registered backend, on a heap of its own. */
export async function renew(name: string): Promise<void> {
  const factory = tf.findBackendFactory(name)
  const { registry, registryFactory } = tf.engine()
  try {
    tf.removeBackend(name)
  } catch {
    // Memory that trapped cannot be taken down in order: it is forgotten as it is.
    delete registry[name]
    delete registryFactory[name]
  }
  tf.registerBackend(name, factory)
  if (!(await tf.setBackend(name))) throw new Error(`The backend "${name}" of TF.js did not start again.`)
}
