import type { ModelMetrics } from './metrics.ts'

/** A number as our commands print it, with a unit or without; what stands for none of it. */
const NUMBER = /^(?:[-+]?[\d,]+(?:\.\d+)?(?: ?(?:%|d|s|MB))?|-)?$/

/** Rows of text, columns aligned; numbers to the right, words to the left. The first column names the row. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]?.length ?? 0)))
  const words = head.map((_, i) => i === 0 || rows.some((r) => !NUMBER.test(r[i] ?? '')))
  const line = (r: string[]) =>
    `  ${r.map((c, i) => (words[i] ? c.padEnd(widths[i]!) : c.padStart(widths[i]!))).join('  ')}`.trimEnd()
  return `${[line(head), line(widths.map((w) => '-'.repeat(w))), ...rows.map(line)].join('\n')}\n`
}

/** Prequential quality per model. */
export function modelTable(models: Record<string, ModelMetrics>): string {
  const f = (x: number | null, digits: number) => (x === null ? '-' : x.toFixed(digits))
  return table(
    ['model', 'answers', 'AUC', 'log loss', 'Brier', 'calibration error', 'sum of p'],
    Object.entries(models).map(([id, m]) => [
      id,
      m.n.toLocaleString('en'),
      f(m.auc, 4),
      f(m.log_loss, 6),
      f(m.brier, 4),
      f(m.ece, 4),
      f(m.sum_p, 4),
    ]),
  )
}
