// Generated from avro/reject/v1.avsc by `npm run generate`. Do not edit.

/** Bytes that could not become a record, kept so that they can be read, fixed and replayed. */
export interface Reject {
  /** Identity. */
  reject_id: string
  /** Who refused it: collector, import, or a stage's name. */
  stage: string
  /** Error class, stable, for machines. */
  code: string
  /** Why, and what to do, for people. Contains no personal data. */
  message: string
  /** The organisation, where known. */
  tenant: null | string
  /** Topic, route or file that it came from. */
  origin_topic: string
  /** Partition, or 0. */
  origin_partition: number
  /** Offset, line number or position in the batch. */
  origin_offset: number
  /** Media type of the bytes. */
  content_type: string
  /** The original bytes; encrypted where encryption names a key. */
  bytes: Buffer
  /** Algorithm and key id, e.g. aes-256-gcm:k1. Null: plain. */
  encryption: null | string
  /** How often it was tried. */
  attempts: number
  /** Version of the service that refused it. */
  service_version: string
  /** UTC milliseconds. */
  observed_at: number
  /** Pseudonym, where it is known whose record this is; an erasure purges by it. */
  student: null | string
}
