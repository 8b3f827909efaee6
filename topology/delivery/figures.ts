/** A share as a person reads it. */
export const percent = (x: number): string => `${Math.round(x * 100)} %`

/** A difference of shares, in percentage points. */
export const points = (x: number, one: string, more: string): string => many(Math.round(x * 100), one, more)

export const many = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`

/** A day without its year, in UTC. */
export const date = (ms: number, locale: string): string =>
  new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', timeZone: 'UTC' }).format(ms)

/** A fact that has no sentence of its own. */
export function otherwise(code: string, value: number | null, text: string | null): string {
  const name = code.replaceAll('_', ' ')
  if (value === null) return text ?? name
  return `${name}${text === null ? '' : ` (${text})`}: ${Number(value.toPrecision(3))}.`
}
