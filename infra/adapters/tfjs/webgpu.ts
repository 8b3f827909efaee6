import type { Device } from './device.ts'
import { tf } from './tf.ts'
import { mayHaveVulkan } from './vulkan.ts'
import { renew } from './wasm.ts'

/** What Dawn says of a card. */
interface Adapter {
  isFallbackAdapter?: boolean
  info?: { vendor?: string; architecture?: string; device?: string; description?: string; isFallbackAdapter?: boolean }
}

interface Gpu {
  requestAdapter(options?: object): Promise<Adapter | null>
}

export interface WebGpuOptions {
  /** `vulkan` for cards; `opengles` for Mesa's software GL. */
  dawn?: 'vulkan' | 'opengles'
  /** Takes an adapter that computes in software, too: for tests, since WASM is faster. */
  software?: boolean
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|software/i

/** Any vendor's card by WebGPU (Dawn, in the `webgpu` package, optional): needs the card's Vulkan driver alone. */
export async function webGpuDevice(options: WebGpuOptions = {}): Promise<Device> {
  const dawn = options.dawn ?? 'vulkan'
  if (dawn === 'vulkan' && !mayHaveVulkan())
    throw new Error('There is no Vulkan loader (libvulkan.so.1): install the driver of the card.')
  const gpu = await open(dawn)
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (adapter === null) throw new Error(`There is no WebGPU adapter on ${dawn}: is a driver installed?`)
  const { vendor, architecture, device, description } = adapter.info ?? {}
  const about = [vendor, architecture, device, description].filter(Boolean).join(' ') || dawn
  const soft = adapter.isFallbackAdapter === true || adapter.info?.isFallbackAdapter === true || SOFTWARE.test(about)
  if (soft && options.software !== true)
    throw new Error(`The only WebGPU adapter computes in software (${about}), where WASM is faster.`)
  const name: string = '@tensorflow/tfjs-backend-webgpu'
  await import(name)
  let fault: Error | null = null
  const watch = () => {
    fault = null
    const device = (tf.backend() as unknown as { device: EventTarget & { lost: Promise<{ message: string }> } }).device
    device.addEventListener('uncapturederror', (e) => {
      e.preventDefault()
      fault ??= new Error(`The WebGPU device reports: ${(e as unknown as { error: Error }).error.message}`)
    })
    device.lost.then((l) => {
      if ((tf.backend() as unknown as { device?: unknown }).device === device)
        fault ??= new Error(`The WebGPU device was lost: ${l.message}`)
    })
  }
  tf.env().set('WEBGPU_CPU_FORWARD', false)
  if (!(await tf.setBackend('webgpu'))) throw new Error('The WebGPU backend of TF.js did not start.')
  watch()
  return {
    name: 'webgpu',
    backend: 'webgpu',
    about,
    fault: () => fault,
    async restart() {
      await renew('webgpu')
      watch()
    },
    async close() {},
  }
}

/** Puts `navigator.gpu` where the backend looks for it when it is imported. */
async function open(dawn: 'vulkan' | 'opengles'): Promise<Gpu> {
  if (dawn === 'opengles') process.env['EGL_PLATFORM'] ??= 'surfaceless'
  const name: string = 'webgpu'
  const { create, globals } = (await import(name)) as { create(flags: string[]): Gpu; globals: object }
  Object.assign(globalThis, globals)
  const gpu = create([`backend=${dawn}`])
  const request = gpu.requestAdapter.bind(gpu)
  // TF.js asks for a core adapter; GL has compatibility ones alone.
  if (dawn === 'opengles') gpu.requestAdapter = (o) => request({ ...o, featureLevel: 'compatibility' })
  if (globalThis.navigator === undefined)
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true })
  return gpu
}
