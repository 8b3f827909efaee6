/** Source rows by line. Most files have a row per line, so that stretches of both side by side are few. */
export class RowNumbers {
  private readonly lines: number[] = []
  private readonly rows: number[] = []
  private lastLine = Number.NaN
  private lastRow = Number.NaN

  /** Lines and rows rise. */
  add(line: number, row: number): void {
    if (line !== this.lastLine + 1 || row !== this.lastRow + 1) {
      this.lines.push(line)
      this.rows.push(row)
    }
    this.lastLine = line
    this.lastRow = row
  }

  /** -1 where no row begins on that line. */
  of(line: number): number {
    let low = 0
    let high = this.lines.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.lines[middle]! <= line) low = middle + 1
      else high = middle
    }
    if (low === 0 || line > this.lastLine) return -1
    const row = this.rows[low - 1]! + line - this.lines[low - 1]!
    return low < this.rows.length && row >= this.rows[low]! ? -1 : row
  }
}
