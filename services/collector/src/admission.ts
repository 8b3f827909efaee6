import { HttpError } from '@mastery/infra/http/call.ts'
import type { CollectorLimits } from './limits.ts'

interface Bucket {
  left: number
  at: number
}

/** Decides who may send now: back-pressure by bytes held, and a token bucket of records per tenant. */
export class Admission {
  private held = 0
  private readonly buckets = new Map<string, Bucket>()
  private readonly limits: CollectorLimits
  private readonly now: () => number

  constructor(limits: CollectorLimits, now: () => number) {
    this.limits = limits
    this.now = now
  }

  get heldBytes(): number {
    return this.held
  }

  /** Throws HttpError 429 where too much is waiting or the tenant is ahead of its rate. */
  enter(tenant: string): void {
    if (this.held >= this.limits.waitingBytes)
      throw new HttpError(
        429,
        'too_much_waiting',
        'More is waiting for the log than this collector holds. Try again after the pause that Retry-After names.',
        {
          headers: { 'Retry-After': '1' },
        },
      )
    const rate = this.limits.tenantRecordsPerSecond
    if (rate === null) return
    const { left } = this.bucket(tenant, rate)
    if (left > 0) return
    const seconds = Math.max(1, Math.ceil((1 - left) / rate))
    throw new HttpError(
      429,
      'rate_exceeded',
      `This tenant sends more than ${rate} records a second. Try again after the pause that Retry-After names.`,
      { headers: { 'Retry-After': String(seconds) } },
    )
  }

  /** A request is counted when it is read; what it had too much is paid for by the next ones. */
  count(tenant: string, records: number): void {
    const rate = this.limits.tenantRecordsPerSecond
    if (rate !== null) this.bucket(tenant, rate).left -= records
  }

  hold(bytes: number): void {
    this.held += bytes
  }

  release(bytes: number): void {
    this.held -= bytes
  }

  private bucket(tenant: string, rate: number): Bucket {
    const now = this.now()
    let b = this.buckets.get(tenant)
    if (!b) this.buckets.set(tenant, (b = { left: this.limits.tenantBurst, at: now }))
    b.left = Math.min(this.limits.tenantBurst, b.left + (Math.max(0, now - b.at) / 1000) * rate)
    b.at = now
    return b
  }
}
