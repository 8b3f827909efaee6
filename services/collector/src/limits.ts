import type { BodyLimits } from '@mastery/infra/http/body.ts'

export interface CollectorLimits extends BodyLimits {
  /** One record, decompressed. */
  recordBytes: number
  /** Bytes that requests hold in memory and that wait for the log; beyond them new requests get 429. */
  waitingBytes: number
  /** How long the log may take before its sender is told to try again, milliseconds. */
  appendTimeoutMs: number
  /** Records a second of one tenant, in the mean; null: no limit. */
  tenantRecordsPerSecond: number | null
  /** Records that a tenant may send at once after a pause. */
  tenantBurst: number
}

const MIB = 1024 * 1024

export const DEFAULT_LIMITS: CollectorLimits = {
  compressedBytes: 5 * MIB,
  decompressedBytes: 50 * MIB,
  recordBytes: 256 * 1024,
  waitingBytes: 256 * MIB,
  appendTimeoutMs: 30_000,
  tenantRecordsPerSecond: null,
  tenantBurst: 100_000,
}
