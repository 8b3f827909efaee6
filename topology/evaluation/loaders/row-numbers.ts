/** Source rows by line. Most files have a row per line, so that stretches of both side by side are few. */
export class RowNumbers {
  private readonly lines: number[] = []
  private readonly rows: number[] = []
  /** Last line of each stretch. */
  private readonly ends: number[] = []

  /** Rows rise one by one, lines do not fall; of a line with several rows the last one counts. */
  add(line: number, row: number): void {
    const at = this.lines.length - 1
    if (at >= 0 && this.lines[at] === line) this.rows[at] = row
    else if (at >= 0 && line === this.ends[at]! + 1 && row === this.rows[at]! + line - this.lines[at]!)
      this.ends[at] = line
    else {
      this.lines.push(line)
      this.rows.push(row)
      this.ends.push(line)
    }
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
    const at = low - 1
    return at < 0 || line > this.ends[at]! ? -1 : this.rows[at]! + line - this.lines[at]!
  }
}
