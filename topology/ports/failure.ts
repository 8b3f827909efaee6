/**
 * A dependency failed in a way that passes: a server restarts, a connection broke. Whoever catches it waits and tries
 * the same thing again. Everything else that is thrown is final.
 */
export class TransientError extends Error {
  override name = 'TransientError'
}

/** Another owner holds the partition, or its state is not what its owner left. Whoever gets this must not write any more. */
export class FencedError extends Error {
  override name = 'FencedError'
}
