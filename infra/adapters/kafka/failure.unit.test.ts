import { TransientError } from '@mastery/topology/ports/failure.ts'
import { describe, expect, it } from 'vitest'
import { kafkaFailure } from './failure.ts'

interface Answer {
  partitions: { partition: number; offset: string }[]
}

/** What fetchTopicOffsets of kafkajs does with the brokers' answers, and what it trips over. */
function trip(high: Answer[], low: Answer[]): unknown {
  try {
    const { partitions: highPartitions } = high.pop() as Answer
    const { partitions: lowPartitions } = low.pop() as Answer
    return highPartitions.map(
      ({ partition }) => (lowPartitions.find((l) => l.partition === partition) as { offset: string }).offset,
    )
  } catch (e) {
    return e
  }
}

const told: Answer = { partitions: [{ partition: 0, offset: '7' }] }
const none: Answer = { partitions: [] }
const failure = (e: unknown) => kafkaFailure(e, 'tell the offsets', ['kafka:9092'])

describe('a failure of Kafka', () => {
  it.each([
    ['no partition has a leader', [], [told]],
    ['none has one any more', [told], []],
    ['one of them has none', [{ ...told }], [none]],
  ])('passes where %s while offsets are asked for', (_what, high, low) => {
    expect(failure(trip([...high], [...low]))).toBeInstanceOf(TransientError)
  })

  it('passes where kafkajs says so, through its layers of retries', () => {
    const inner = Object.assign(new Error('no leader'), { retriable: true })
    expect(failure(new Error('gave up', { cause: inner }))).toBeInstanceOf(TransientError)
  })

  it('stays where it is a mistake of ours or a refusal', () => {
    const ours = new TypeError("Cannot read properties of undefined (reading 'value')")
    for (const e of [ours, new TypeError('x is not a function'), new Error('refused')]) {
      expect(failure(e)).not.toBeInstanceOf(TransientError)
      expect(failure(e).message).toMatch(/refused to tell the offsets/)
    }
  })
})
