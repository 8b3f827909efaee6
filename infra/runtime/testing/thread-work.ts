import type { WorkerContext } from '../worker-thread.ts'

type Input = { do: 'sum'; n: number } | { do: 'spin' | 'fail' | 'exit' | 'obey' }

/** What the tests of runInWorker run in a thread. */
export function work(input: Input, context: WorkerContext): unknown {
  switch (input.do) {
    case 'sum': {
      let sum = 0
      for (let i = 1; i <= input.n; i++) {
        sum = (sum + i * i) % 1_000_003
        if (i % Math.ceil(input.n / 4) === 0) context.progress(i / input.n, `${i} added`)
      }
      return { sum, list: new Float64Array([1, 2]) }
    }
    case 'spin':
      context.progress(0, 'spinning')
      for (;;) Math.sqrt(2)
    case 'obey': {
      context.progress(0, 'spinning')
      while (!context.cancelled()) Math.sqrt(2)
      throw new Error('told to stop')
    }
    case 'fail':
      throw new RangeError('the fit did not converge', { cause: new TypeError('no data') })
    case 'exit':
      process.exit(3)
  }
}
