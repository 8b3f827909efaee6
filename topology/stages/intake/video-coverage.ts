/** More segments than this in one statement are noise. */
const MOST_SEGMENTS = 10_000

/**
 * Share of a video that was watched at least once: the union of its played segments over its length.
 * Segments as the xAPI video profile writes them, `0[.]42.608[,]43.168[.]124.692[,]176.4`: seconds, `[.]` between start
 * and end, `[,]` between segments; an open last one ends at `position`. Null where nothing can be said.
 */
export function playedShare(segments: string, length: number, position: number | null): number | null {
  if (!(length > 0) || segments.trim() === '') return null
  const parts = segments.split('[,]', MOST_SEGMENTS)
  const spans: [from: number, to: number][] = []
  for (const part of parts) {
    const [start, end] = part.split('[.]')
    const from = seconds(start)
    const to = end === undefined ? (position ?? from) : seconds(end)
    if (from === null || to === null) return null
    spans.push([Math.max(0, Math.min(from, to)), Math.min(length, Math.max(from, to))])
  }
  spans.sort((a, b) => a[0] - b[0])
  let covered = 0
  let reached = 0
  for (const [from, to] of spans) {
    if (to <= reached) continue
    covered += to - Math.max(from, reached)
    reached = to
  }
  return Math.min(1, covered / length)
}

function seconds(text: string | undefined): number | null {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : null
}
