/** A moment as operators read it, in UTC, to the minute. */
export const moment = (ms: number, locale: string): string =>
  new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'long',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'UTC',
    timeZoneName: 'short',
  }).format(ms)

/** A share that may be small. */
export function share(x: number, locale: string): string {
  const digits = x > 0 && x < 0.1 ? 1 : 0
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(100 * x)} %`
}

/** A figure with three digits that count, or a whole number. */
export const figure = (x: number, locale: string): string =>
  Number.isInteger(x)
    ? new Intl.NumberFormat(locale).format(x)
    : new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 }).format(x)

/** Milliseconds in the unit that a person would take: 900 ms, 2.5 s, 3 min, 2 h. */
export function took(ms: number, locale: string): string {
  if (ms < 1000) return `${figure(Math.round(ms), locale)} ms`
  if (ms < 60_000) return `${figure(ms / 1000, locale)} s`
  if (ms < 3_600_000) return `${figure(ms / 60_000, locale)} min`
  return `${figure(ms / 3_600_000, locale)} h`
}

type Called = Readonly<Record<string, string>>

/** A code that nobody knows is shown as it is. */
export const figureIn = (names: Called, code: string): string => names[code] ?? code.replaceAll('_', ' ')

/** Findings that are of something in particular name it behind a slash: score/mastery. */
export function findingIn(names: Called, code: string): string {
  const [what = '', ...of] = code.split('/')
  return of.length === 0 ? figureIn(names, what) : `${figureIn(names, what)} (${of.join('/')})`
}
