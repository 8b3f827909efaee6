/** Text within a line or a cell of Markdown: nothing in it is taken for markup. */
export function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>|#~]/g, (c) => `\\${c}`)
}

/** A table; cells are Markdown already. The first column holds words, the others numbers. */
export function mdTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

export const list = (items: readonly string[]): string => items.map((i) => `- ${i}`).join('\n')

export const whole = (n: number): string => n.toLocaleString('en')

export const fixed = (x: number | null | undefined, digits = 4): string =>
  x == null || Number.isNaN(x) ? '–' : x.toFixed(digits)

/** With its sign; what rounds to zero has none. */
export function signed(x: number, digits = 3): string {
  const text = Math.abs(x).toFixed(digits)
  return Number(text) === 0 ? text : `${x < 0 ? '−' : '+'}${text}`
}

export const percent = (x: number, digits = 1): string => `${(100 * x).toFixed(digits)} %`

export const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
