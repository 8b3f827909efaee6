import type { Message } from 'kafkajs'

/**
 * Messages of one topic, grouped by partition while they are added. kafkajs 2.2.4 groups them by `reduce`, copying the
 * whole group for every message: a third of the CPU of a request with 2,000 messages for one partition. Here `reduce`
 * hands out the groups that are there already. Nothing else in its producer calls it; where a later version groups in
 * another way, this is a plain array.
 */
export class PartitionedMessages extends Array<Message> {
  private readonly groups: Record<number, Message[]> = {}

  add(message: Message): void {
    this.push(message)
    const partition = message.partition!
    const group = this.groups[partition]
    if (group) group.push(message)
    else this.groups[partition] = [message]
  }

  override reduce<T>(): T {
    return this.groups as T
  }

  /** `map`, `filter` and their like give plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }
}
