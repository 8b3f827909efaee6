/**
 * Partition of a key: murmur2 over its UTF-8 bytes, as Kafka's own default partitioner computes it
 * (Apache Kafka, clients/utils/Utils.murmur2), so that other Kafka clients agree with us.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions
}

/**
 * How many partitions the topics have that a stage reads and writes. Where the output has k times as many, input
 * partition p feeds the k output partitions q with q mod input = p, its branches. As (h mod k·n) mod n = h mod n, a
 * student of p has its key's own partition among them; and each q has one source, so that the order in it is p's.
 */
export interface PartitionCounts {
  input: number
  output: number
}

/** The one partition that feeds this one. */
export function sourceOf(partition: number, input: number): number {
  return partition % input
}

/** The partitions that are fed from this one, ascending. */
export function branchesOf(partition: number, { input, output }: PartitionCounts): number[] {
  return Array.from({ length: output / input }, (_, i) => partition + i * input)
}

/** The branch that takes a key: the key's own partition, or for a key that stands in a wrong one still one of `from`'s. */
export function branchOf(key: string, from: number, { input, output }: PartitionCounts): number {
  const own = partitionOf(key, output)
  return from + own - sourceOf(own, input)
}

function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995
  const length = data.length
  let h = 0x9747b28c ^ length
  const words = length >> 2
  for (let i = 0; i < words; i++) {
    const j = i << 2
    let k = data[j]! | (data[j + 1]! << 8) | (data[j + 2]! << 16) | (data[j + 3]! << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    k = Math.imul(k, m)
    h = Math.imul(h, m) ^ k
  }
  const tail = words << 2
  const rest = length & 3
  if (rest === 3) h ^= data[tail + 2]! << 16
  if (rest >= 2) h ^= data[tail + 1]! << 8
  if (rest >= 1) {
    h ^= data[tail]!
    h = Math.imul(h, m)
  }
  h ^= h >>> 13
  h = Math.imul(h, m)
  h ^= h >>> 15
  return h
}
