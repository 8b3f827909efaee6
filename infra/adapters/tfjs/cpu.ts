import type { Device } from './device.ts'
import { tf } from './tf.ts'
import { renew } from './wasm.ts'

/** Plain JavaScript: the reference, and the last resort (30 to 65 times slower than WASM). */
export async function cpuDevice(): Promise<Device> {
  if (!(await tf.setBackend('cpu'))) throw new Error('The CPU backend of TF.js did not start.')
  return {
    name: 'cpu',
    backend: 'cpu',
    about: 'JavaScript',
    fault: () => null,
    restart: () => renew('cpu'),
    async close() {},
  }
}
