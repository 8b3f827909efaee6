/**
 * Named places where a test may kill the process: MASTERY_CRASH_AT="features.produced:3" ends it, as kill -9 would,
 * the third time that place is reached.
 */
const wanted = process.env['MASTERY_CRASH_AT']?.split(':')
let left = Number(wanted?.[1] ?? 1)

export function crashPoint(name: string): void {
  if (!wanted || wanted[0] !== name) return
  if (--left <= 0) process.kill(process.pid, 'SIGKILL')
}
