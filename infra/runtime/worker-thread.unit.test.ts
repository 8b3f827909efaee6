import { describe, expect, it } from 'vitest'
import { runInWorker } from './worker-thread.ts'

const MODULE = new URL('./testing/thread-work.ts', import.meta.url)

describe('work in a thread', () => {
  it('gives its result and its progress', async () => {
    const said: [number, string][] = []
    const result = await runInWorker<{ sum: number; list: Float64Array }>(
      MODULE,
      { do: 'sum', n: 1_000 },
      { onProgress: (fraction, message) => said.push([fraction, message]) },
    )
    let sum = 0
    for (let i = 1; i <= 1_000; i++) sum = (sum + i * i) % 1_000_003
    expect(result).toEqual({ sum, list: new Float64Array([1, 2]) })
    expect(said).toEqual([0.25, 0.5, 0.75, 1].map((f) => [f, `${f * 1_000} added`]))
  })

  it('leaves the event loop of the caller free', async () => {
    const controller = new AbortController()
    const spinning = runInWorker(MODULE, { do: 'spin' }, { signal: controller.signal })
    let beats = 0
    for (; beats < 20; beats++) await new Promise((r) => setTimeout(r, 5))
    controller.abort(new Error('enough'))
    await expect(spinning).rejects.toThrow('enough')
    expect(beats).toBe(20)
  })

  it.each(['spin', 'obey'] as const)('ends at an abort, with its reason: %s', async (what) => {
    const controller = new AbortController()
    const reason = new Error('cancelled by somebody')
    const work = runInWorker(
      MODULE,
      { do: what },
      { signal: controller.signal, onProgress: () => controller.abort(reason) },
    )
    await expect(work).rejects.toBe(reason)
    await expect(runInWorker(MODULE, { do: what }, { signal: controller.signal })).rejects.toBe(reason)
  })

  it('throws what the work throws, with name and causes', async () => {
    const error = (await runInWorker(MODULE, { do: 'fail' }).catch((e) => e)) as Error
    expect([error.name, error.message]).toEqual(['RangeError', 'the fit did not converge'])
    expect([(error.cause as Error).name, (error.cause as Error).message]).toEqual(['TypeError', 'no data'])
    expect(error.stack).toContain('thread-work.ts')
  })

  it('fails where the thread ends without a result, or the module is none', async () => {
    await expect(runInWorker(MODULE, { do: 'exit' })).rejects.toThrow(/code 3 and gave no result/)
    await expect(runInWorker(new URL('./drain.ts', import.meta.url), 0)).rejects.toThrow(/exports no function "work"/)
    await expect(runInWorker(new URL('./none.ts', import.meta.url), 0)).rejects.toThrow(/none\.ts/)
  })
})
