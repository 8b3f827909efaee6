const DURATION =
  /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?$/
const MS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1000] as const

/**
 * Milliseconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as PT3M14.381S; null where it is
 * none. Years and months have no fixed length and are refused.
 */
export function durationMs(text: string): number | null {
  const m = text.length > 64 ? null : DURATION.exec(text)
  if (m === null || m.slice(1).every((part) => part === undefined)) return null
  let ms = 0
  for (let i = 0; i < MS.length; i++) ms += Number((m[i + 1] ?? '0').replace(',', '.')) * MS[i]!
  return ms <= Number.MAX_SAFE_INTEGER ? Math.round(ms) : null
}
