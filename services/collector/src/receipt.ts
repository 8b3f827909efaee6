/** How many records a receipt lists one by one; beyond that only rejected ones, */
const LISTED = 1000
/** and of those this many. */
const LISTED_REJECTS = 10_000

export interface RecordResult {
  index: number
  id: string | null
  status: 'accepted' | 'rejected' | 'ignored'
  code?: string
  message?: string
  reject_id?: string
}

/** What became of the records of one request. */
export class Receipt {
  private accepted = 0
  private duplicates = 0
  private rejected = 0
  private ignored = 0
  private unread = 0
  private readonly ids = new Set<string>()
  private results: RecordResult[] = []

  get records(): number {
    return this.accepted + this.rejected + this.ignored
  }

  get anyRejected(): boolean {
    return this.rejected > 0
  }

  /** Records that became events or commands, and those that became rejects. */
  get taken(): { accepted: number; rejected: number } {
    return { accepted: this.accepted, rejected: this.rejected }
  }

  take(id: string, unread: number): void {
    if (this.ids.has(id)) this.duplicates++
    else this.ids.add(id)
    this.list({ index: this.records, id, status: 'accepted' })
    this.accepted++
    this.unread += unread
  }

  ignore(id: string | null, code: string): void {
    this.list({ index: this.records, id, status: 'ignored', code })
    this.ignored++
  }

  reject(id: string | null, why: { code: string; message: string; reject_id: string }): void {
    this.list({ index: this.records, id, status: 'rejected', ...why })
    this.rejected++
  }

  private list(result: RecordResult): void {
    const n = this.records
    if (n === LISTED) this.results = this.results.filter((r) => r.status === 'rejected')
    if (n < LISTED || (result.status === 'rejected' && this.results.length < LISTED_REJECTS)) this.results.push(result)
  }

  body(): Record<string, unknown> {
    return {
      accepted: this.accepted,
      duplicates_in_request: this.duplicates,
      rejected: this.rejected,
      ignored: this.ignored,
      unread_fields: this.unread,
      results: this.results,
      results_left_out: this.records - this.results.length,
    }
  }

  /** Counts, for the log line. */
  counts(): Record<string, number> {
    return { accepted: this.accepted, rejected: this.rejected, ignored: this.ignored }
  }
}
