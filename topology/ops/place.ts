import { partitionOf } from '../partition.ts'

/** Key of every record of ops.metrics, so that all of them stand in one partition, in one order. */
export const OPS_KEY = 'operations'

/** The partition of ops.metrics that everybody writes to, of so many. */
export function opsPartition(partitions: number): number {
  return partitionOf(OPS_KEY, partitions)
}
