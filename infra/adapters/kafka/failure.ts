import { TransientError } from '@mastery/topology/ports/failure.ts'
import kafkajs from 'kafkajs'

// Node sees the names that kafkajs spreads into its exports only on the default one.
const { KafkaJSNonRetriableError, KafkaJSProtocolError } = kafkajs

interface KafkaLike extends Error {
  retriable?: boolean
  type?: string
  errors?: readonly KafkaLike[]
}

/** kafkajs wraps the error that counts, once per layer of retries. */
export function rootOf(error: unknown): KafkaLike {
  let e = error as KafkaLike
  while (e.cause instanceof Error) e = e.cause as KafkaLike
  return e.errors?.[0] ?? e
}

/**
 * While a partition has no leader (its topic was made a moment ago, a broker left), kafkajs gets an answer without it,
 * and trips over what is missing.
 */
const LEADERLESS = /^Cannot destructure property 'partitions' of '(low|high)\.pop|^Cannot read .*\(reading 'offset'\)/

/** Whether trying again helps. */
export function isPassing(error: unknown): boolean {
  const root = rootOf(error)
  return root.retriable === true || (root instanceof TypeError && LEADERLESS.test(root.message))
}

const ADVICE: Readonly<Record<string, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION:
    'The topic does not exist there. Start the service that creates all topics, or create it.',
  MESSAGE_TOO_LARGE: 'Raise max.message.bytes of the topic, or refuse such records where they come in.',
  TOPIC_AUTHORIZATION_FAILED: 'Give this user read, write and describe on the topic.',
  GROUP_AUTHORIZATION_FAILED: 'Give this user read on the consumer group.',
  CLUSTER_AUTHORIZATION_FAILED: 'Give this user create on the cluster, or create the topics beforehand.',
  INVALID_REPLICATION_FACTOR: 'The cluster has fewer brokers than copies were asked for; lower the replication factor.',
  POLICY_VIOLATION: "The cluster's policy refuses this topic configuration; create the topic as the policy wants it.",
}

/** A TransientError where trying again helps, else an Error. Both say what failed and what to do. */
export function kafkaFailure(error: unknown, what: string, brokers: readonly string[]): Error {
  if (error instanceof TransientError) return error
  const root = rootOf(error)
  const where = `Kafka at ${brokers.join(', ')}`
  const advice = ADVICE[root.type ?? '']
  if (isPassing(error))
    return new TransientError(
      `${where} could not ${what}: ${root.message}. ${advice ?? 'Check that the brokers run and can be reached from here.'}`,
      { cause: root },
    )
  return new Error(
    `${where} refused to ${what}: ${root.message}. ${advice ?? 'Check the address, the credentials and the log of the broker.'}`,
    { cause: root },
  )
}

const NO_MEMBER = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
])

/** The group goes on without this member until it joins again. */
export function membershipLost(error: unknown): boolean {
  return NO_MEMBER.has(rootOf(error).type ?? '')
}

/** Thrown out of `eachBatch` it makes kafkajs join the group again: it looks at nothing but the type. */
export function joinAgain(): Error {
  const e = Object.assign(new Error('This member joins its group again.'), { type: 'REBALANCE_IN_PROGRESS', code: 27 })
  return new KafkaJSProtocolError(Object.assign(e, { retriable: true }))
}

/** Thrown out of `eachBatch` it ends the consumer; kafkajs starts it again after anything else. */
export function endConsumer(why: Error): Error {
  return new KafkaJSNonRetriableError(why.message)
}
