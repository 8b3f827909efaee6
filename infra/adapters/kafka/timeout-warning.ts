/**
 * kafkajs 2.2.4 sets a timer of negative length whenever its request queue is empty (tulios/kafkajs#1751); Node takes
 * it for 1 ms and warns. Only this warning is dropped.
 */
export function dropNegativeTimeoutWarning(): void {
  const emit = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === 'TimeoutNegativeWarning') return
    Reflect.apply(emit, process, [warning, ...rest])
  }) as typeof process.emitWarning
}
