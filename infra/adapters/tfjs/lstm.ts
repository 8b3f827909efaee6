import { tf } from './tf.ts'

type T2 = tf.Tensor2D

/**
 * The layer of the port's `lstm`, with its own gradient: the tape would hold thirty tensors per time step; this holds
 * three, and the gradient of the recurrent weights is one product over all steps at once.
 *
 * With a = x_t + h_{t-1} U, (i, f, o) = sigmoid, g = tanh, c_t = f c_{t-1} + i g, h_t = o tanh c_t:
 * dc = dc' + dh o (1 - tanh² c), da = (dc g i(1-i), dc c_{t-1} f(1-f), dh tanh c o(1-o), dc i (1-g²)), dh_{t-1} = da Uᵀ.
 */
export function lstm(projected: tf.Tensor, recurrent: tf.Tensor, h0: tf.Tensor, c0: tf.Tensor, steps: number): T2 {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, u, hs, cs] = args as [T2, T2, T2, T2]
    const save = args.at(-1) as tf.GradSaveFunc
    const [n, size] = hs.shape
    const gates: T2[] = []
    const cells: T2[] = [cs]
    const squashed: T2[] = []
    const hidden: T2[] = []
    let h = hs
    for (let s = 0; s < steps; s++) {
      const a = tf.add(tf.slice(x, [s * n, 0], [n, 4 * size]), tf.matMul(h, u)) as T2
      const three = tf.sigmoid(tf.slice(a, [0, 0], [n, 3 * size]))
      const g = tanh(tf.slice(a, [0, 3 * size], [n, size]))
      a.dispose()
      const i = tf.slice(three, [0, 0], [n, size])
      const f = tf.slice(three, [0, size], [n, size])
      const o = tf.slice(three, [0, 2 * size], [n, size])
      const c = tf.add(tf.mul(f, cells[s]!), tf.mul(i, g)) as T2
      const squash = tanh(c)
      h = tf.mul(o, squash) as T2
      gates.push(tf.concat([three, g], 1) as T2)
      cells.push(c)
      squashed.push(squash)
      hidden.push(h)
    }
    const value = tf.concat([...hidden, ...cells.slice(1)], 0) as T2
    save([u, hs, ...hidden, ...gates, ...cells, ...squashed])
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => backward(dy as T2, saved as T2[], steps, n, size),
    }
  })
  return op(projected, recurrent, h0, c0) as T2
}

/** 2 sigmoid(2x) - 1: WASM has vector code for sigmoid alone. Apart from `tf.tanh` by 1e-7. */
function tanh<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => {
    const s = tf.sigmoid(tf.add(x, x))
    return tf.sub(tf.add(s, s), 1) as T
  })
}

function backward(dy: T2, saved: readonly T2[], steps: number, n: number, size: number): tf.Tensor[] {
  const u = saved[0]!
  const hidden = saved.slice(1, 2 + steps)
  const gates = saved.slice(2 + steps, 2 + 2 * steps)
  const cells = saved.slice(2 + 2 * steps, 3 + 3 * steps)
  const squashed = saved.slice(3 + 3 * steps)
  const back = tf.transpose(u)
  const das: T2[] = new Array(steps)
  let dh: T2 = tf.zeros([n, size])
  let dc: T2 = tf.zeros([n, size])
  for (let s = steps - 1; s >= 0; s--) {
    const [da, dcBefore] = cellGradient(
      { gates: gates[s]!, squashed: squashed[s]!, cells: cells[s]!, dh, dc, dy },
      s * n,
    )
    dh.dispose()
    dc.dispose()
    das[s] = da
    dh = tf.matMul(da, back)
    dc = dcBefore
  }
  const dx = tf.concat(das, 0)
  const before = tf.concat(hidden.slice(0, steps), 0)
  return [dx, tf.matMul(before, dx, true, false), dh, dc]
}

interface CellInputs {
  gates: T2
  squashed: T2
  cells: T2
  dh: T2
  dc: T2
  dy: T2
}

/**
 * Gradients of one step, whose outputs' gradients begin at `row` of `dy`: of its gates before they were squashed [n, 4H],
 * and of the cells before it.
 */
function cellGradient({ gates, squashed, cells, dh, dc, dy }: CellInputs, row: number): [T2, T2] {
  return tf.tidy(() => {
    const [n, size] = dh.shape
    const gate = (k: number) => tf.slice(gates, [0, k * size], [n, size])
    const [i, f, o, g] = [gate(0), gate(1), gate(2), gate(3)]
    const three = tf.slice(gates, [0, 0], [n, 3 * size])
    const slopes = tf.sub(three, tf.square(three))
    const total = tf.add(tf.slice(dy, [row, 0], [n, size]), dh)
    const through = tf.mul(total, o)
    const d = tf.add(dc, tf.sub(through, tf.mul(through, tf.square(squashed))))
    const di = tf.mul(d, i)
    const outer = tf.concat([tf.mul(d, g), tf.mul(d, cells), tf.mul(total, squashed)], 1)
    const a = tf.concat([tf.mul(outer, slopes), tf.sub(di, tf.mul(di, tf.square(g)))], 1)
    return [a, tf.mul(d, f)] as [tf.Tensor, tf.Tensor]
  }) as [T2, T2]
}
