import { connect } from 'node:net'
import { dropNegativeTimeoutWarning } from '@mastery/infra/adapters/kafka/timeout-warning.ts'
import { Kafka, logLevel } from 'kafkajs'

const LEAVE_GROUP = 13

dropNegativeTimeoutWarning()

function text(s: string): Buffer {
  const bytes = Buffer.from(s)
  const length = Buffer.alloc(2)
  length.writeInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** One LeaveGroup request, version 0 of the Kafka protocol; resolves with its error code. */
function leave(broker: string, group: string, member: string): Promise<number> {
  const [host, port] = broker.split(':')
  const head = Buffer.alloc(8)
  head.writeInt16BE(LEAVE_GROUP, 0)
  head.writeInt16BE(0, 2)
  head.writeInt32BE(1, 4)
  const body = Buffer.concat([head, text('test'), text(group), text(member)])
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return new Promise((done, fail) => {
    const socket = connect(Number(port), host!, () => socket.write(Buffer.concat([size, body])))
    let reply = Buffer.alloc(0)
    socket.on('error', fail)
    socket.on('data', (chunk: Buffer) => {
      reply = Buffer.concat([reply, chunk])
      if (reply.length < 10) return
      socket.destroy()
      done(reply.readInt16BE(8))
    })
  })
}

/**
 * The members of a group. A process that was killed stays one until its session of 30 s runs out, and the group waits
 * for it; `expel` ends sessions at once, as the broker would then, so that a test of many kills takes seconds.
 */
export class GroupMembers {
  private readonly broker: string
  private readonly admin

  constructor(broker: string) {
    this.broker = broker
    this.admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin()
  }

  open(): Promise<void> {
    return this.admin.connect()
  }

  /** Records that were ever written to a topic. */
  async written(topic: string): Promise<number> {
    const ends = await this.admin.fetchTopicOffsets(topic)
    return ends.reduce((n, p) => n + Number(p.offset), 0)
  }

  /** Records of a topic that a group has not been told of yet; a group is told now and then, a state at every commit. */
  async untold(group: string, topic: string): Promise<number> {
    const [ends, [told]] = await Promise.all([
      this.admin.fetchTopicOffsets(topic),
      this.admin.fetchOffsets({ groupId: group, topics: [topic] }),
    ])
    const at = new Map(told?.partitions.map((p) => [p.partition, Math.max(0, Number(p.offset))]))
    return ends.reduce((n, p) => n + Number(p.offset) - (at.get(p.partition) ?? 0), 0)
  }

  /** Deletes what stands before an offset, as retention does. */
  async truncate(topic: string, partition: number, before: number): Promise<void> {
    // kafkajs deletes only from topics that it has looked at.
    await this.admin.fetchTopicOffsets(topic)
    await this.admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] })
  }

  async of(group: string): Promise<string[]> {
    const { groups } = await this.admin.describeGroups([group])
    return groups[0]?.members.map((m) => m.memberId) ?? []
  }

  async expel(group: string, members: readonly string[]): Promise<void> {
    for (const member of members) await leave(this.broker, group, member)
  }

  close(): Promise<void> {
    return this.admin.disconnect()
  }
}
