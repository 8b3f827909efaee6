import { crashPoint } from '@mastery/infra/runtime/crash-points.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import { type JobContext, type JobHandler, PermanentJobError } from '@mastery/topology/ports/job-queue.ts'
import { CHANNELS, type Channel, MessageRefused } from '@mastery/topology/ports/notifier.ts'
import type { Channels } from './channels.ts'
import { composeMessage, type MessageParts } from './compose-message.ts'
import { Gate } from './gate.ts'
import type { KnownDeliveries } from './known.ts'
import type { Outcome, Outcomes } from './outcomes.ts'
import { type DeliveryPlace, jobNameOf, parsePlace } from './payload.ts'

export interface DeliveryParts extends MessageParts {
  log: EventLog
  codec: Codec
  known: KnownDeliveries
  channels: Channels
  outcomes: Outcomes
  /** UTC milliseconds. */
  now(): number
}

/** The line of the ledger: how the message ended. */
type Line = { outcome: 'accepted' | 'unwanted'; messageId: string; detail: string; at: number }

const ABOUT: Readonly<Record<Channel, string>> = {
  mail: 'Sends one message by mail.',
  webhook: "Sends one message to the tenant's webhook.",
  inbox: "Puts one message into its reader's inbox.",
}

export const jobNames = (): string[] => CHANNELS.map(jobNameOf)

/** Whether a job sends a message; the notify service runs these. */
export const isDeliveryJob = (name: string) => jobNames().includes(name)

/**
 * Messages of a channel that are between the receiver and the ledger at once: so many may come twice after a kill. Jobs
 * that wait for gold do not count.
 */
const SENT_AT_ONCE = 8

/**
 * One job per channel. What a receiver has taken over stands in the ledger of jobs under (delivery, channel), and is not
 * sent again: a repeat is possible only where the process was killed between the receiver's word and that line.
 * `parts` is asked for when the first job runs.
 */
export function deliveryJobs(
  limits: { attempts: number; backoffSeconds: number },
  parts: () => Promise<DeliveryParts>,
): JobHandler<DeliveryPlace, Line>[] {
  const gates = new Map(CHANNELS.map((channel) => [channel, new Gate(SENT_AT_ONCE)]))
  return CHANNELS.map((channel) => ({
    name: jobNameOf(channel),
    about: ABOUT[channel],
    exclusive: false,
    attempts: limits.attempts,
    backoffMs: limits.backoffSeconds * 1000,
    parse: parsePlace,
    async run(place, context) {
      return deliver(await parts(), gates.get(channel)!, channel, place, context, limits.attempts)
    },
  }))
}

async function deliver(
  parts: DeliveryParts,
  gate: Gate,
  channel: Channel,
  place: DeliveryPlace,
  context: JobContext,
  most: number,
): Promise<Line> {
  const decided = await parts.known.at(parts, place)
  const { tenant, delivery_id: delivery } = decided
  const note = (o: Pick<Outcome, 'outcome' | 'messageId' | 'detail' | 'at'>) =>
    parts.outcomes.note({ tenant, delivery, channel, attempts: context.attempt, ...o })
  const unwanted = (detail: string): Line => ({ outcome: 'unwanted', messageId: '', detail, at: parts.now() })

  let leave = () => {}
  async function send(): Promise<Line> {
    const notifier = await parts.channels.of(tenant, channel)
    if (!notifier) return unwanted(`the tenant has no ${channel}`)
    if (channel !== 'inbox') {
      const { maxAgeHours } = parts.config
      const hours = Math.floor((parts.now() - decided.now) / 3_600_000)
      if (maxAgeHours !== null && hours >= maxAgeHours)
        return unwanted(`it was decided ${hours} hours ago; maxAgeHours is ${maxAgeHours}`)
      const [optedOut, before] = await Promise.all([
        parts.outcomes.unwanted(tenant, decided.recipient, channel),
        // Where the ledger was lost with its store, gold may still know.
        parts.outcomes.accepted(tenant, delivery, channel),
      ])
      if (optedOut) return unwanted('the reader takes no such messages')
      if (before !== null)
        return { outcome: 'accepted', messageId: before, detail: 'it was accepted before', at: parts.now() }
    }
    const message = await composeMessage(parts, channel, decided)
    if ('withheld' in message) return unwanted(message.withheld)
    // Rows of the inbox are the same however often they come.
    if (channel !== 'inbox') leave = await gate.enter()
    context.signal.throwIfAborted()
    const { messageId, answer } = await notifier.send(message)
    crashPoint('delivery.accepted')
    return { outcome: 'accepted', messageId, detail: answer, at: parts.now() }
  }

  let line: Line
  try {
    line = await context.once('sent', send)
    crashPoint('delivery.recorded')
  } catch (e) {
    leave()
    const refused = e instanceof MessageRefused || e instanceof PermanentJobError
    if (!context.signal.aborted) {
      const dead = refused || context.attempt >= most
      const failed = { outcome: dead ? 'dead' : 'failed', messageId: '', detail: (e as Error).message } as const
      // For people only: where it can't be written, the queue still has it.
      await note({ ...failed, at: parts.now() }).catch((why: Error) =>
        context.telemetry.warn('an outcome could not be noted', { delivery, channel, why: why.message }),
      )
    }
    throw refused ? new PermanentJobError((e as Error).message, { cause: e }) : e
  }
  leave()
  await note(line)
  context.telemetry.count(`delivery.${channel}.${line.outcome}`)
  return line
}
