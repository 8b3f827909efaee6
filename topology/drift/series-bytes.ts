import type { ByteReader, ByteWriter } from '../stages/bytes.ts'
import { scaleNamed } from './scales.ts'
import type { Series, SeriesKind } from './series.ts'

export function writeSeries(w: ByteWriter, s: Series, labels: readonly string[], bins: number): void {
  for (const text of [s.kind, s.name, s.model, s.version, s.scale]) w.text(text)
  w.u16(bins)
  w.u16(labels.length)
  for (const l of labels) w.text(l)
}

export function readSeries(r: ByteReader): { series: Series; labels: string[]; bins: number } {
  const series: Series = {
    kind: r.text() as SeriesKind,
    name: r.text(),
    model: r.text(),
    version: r.text(),
    scale: scaleNamed(r.text()),
  }
  const bins = r.u16()
  const labels = Array.from({ length: r.u16() }, () => r.text())
  return { series, labels, bins }
}
