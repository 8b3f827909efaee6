/**
 * Named places where a test may kill the process: MASTERY_CRASH_AT="features.produced:3" ends it, as kill -9 would,
 * the third time that place is reached. "features.produced.keyed" counts only times at which records of somebody or
 * something are written, and not ticks and markers alone.
 */
const wanted = process.env['MASTERY_CRASH_AT']?.split(':')
let left = Number(wanted?.[1] ?? 1)

/** `keys`: of the records that are written there. */
export function crashPoint(name: string, keys: () => readonly string[] = () => []): void {
  if (!wanted || (wanted[0] !== name && (wanted[0] !== `${name}.keyed` || !keys().some(isKeyed)))) return
  if (--left <= 0) process.kill(process.pid, 'SIGKILL')
}

const isKeyed = (key: string): boolean => key !== '' && !/^(tick|marker)(\/|$)/.test(key)
