import type { IncomingMessage, ServerResponse } from 'node:http'
import { pseudonymiser, type Secrets } from '@mastery/infra/config/secrets.ts'
import { authenticate } from '@mastery/infra/http/auth.ts'
import { encodingOf, mediaTypeOf } from '@mastery/infra/http/body.ts'
import { type Call, HttpError, type Reply } from '@mastery/infra/http/call.ts'
import { measuredRoutes } from '@mastery/infra/http/measured.ts'
import { bind, type Route } from '@mastery/infra/http/router.ts'
import { responder } from '@mastery/infra/http/server.ts'
import type { Sealer } from '@mastery/infra/runtime/logic.ts'
import { Meters } from '@mastery/infra/runtime/ops/meters.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog, LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { Admission } from './admission.ts'
import { CALIPER, type Format, OWN, XAPI } from './format.ts'
import { GroupCommit } from './group-commit.ts'
import { IntakeRequest } from './intake-request.ts'
import type { CollectorLimits } from './limits.ts'
import { Submission } from './submission.ts'

export interface CollectorParts {
  log: EventLog
  codec: Codec
  /** Of learning.events and learning.rejects. */
  partitions: number
  secrets: Secrets
  sealer: Sealer
  telemetry: Telemetry
  version: string
  /** UTC milliseconds. */
  now(): number
  limits: CollectorLimits
  /** Of this process; left out, nobody is told how the collector fares. */
  meters?: Meters
}

export interface Collector {
  routes: readonly Route[]
  /** For a server of one's own. False: not one of the routes' paths, and nothing was sent. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>
  /** Waits for what is on its way to the log; the caller stops the server first. */
  close(): Promise<void>
}

/** The log can't be written: nothing of this request counts as taken. */
class LogUnavailable extends HttpError {
  constructor() {
    super(
      503,
      'log_unavailable',
      'The log cannot be written at present. Nothing was acknowledged: send the whole request again; what did get through is recognised by its ids.',
      { headers: { 'Retry-After': '5' } },
    )
  }
}

/** The HTTP edge of the log: reads, pseudonymises, and answers only once the log holds every record or its reject. */
export function createCollector(parts: CollectorParts): Collector {
  const { limits, telemetry } = parts
  const pseudonyms = new Map(parts.secrets.tenants.map((t) => [t.id, pseudonymiser(t)]))
  const admission = new Admission(limits, parts.now)
  const meter = (parts.meters ?? new Meters()).part('collector')
  const commit = new GroupCommit(guarded(parts), limits.appendTimeoutMs)

  async function append(records: readonly LogAppend[], bytes: number): Promise<void> {
    admission.hold(bytes)
    try {
      await commit.append(records, bytes)
    } catch {
      throw new LogUnavailable()
    } finally {
      admission.release(bytes)
    }
  }

  async function take(call: Call, format: Format): Promise<Reply> {
    const { request } = call
    const { tenant } = authenticate(request, parts.secrets, 'ingest')
    const mediaType = mediaTypeOf(request, format.mediaTypes)
    const encoding = encodingOf(request)
    admission.enter(tenant.id)
    const submission = new Submission(
      {
        codec: parts.codec,
        sealer: parts.sealer,
        append,
        partitions: parts.partitions,
        version: parts.version,
        recordBytes: limits.recordBytes,
      },
      format,
      tenant,
      pseudonyms.get(tenant.id)!,
      parts.now(),
    )
    const { receipt } = submission
    try {
      await new IntakeRequest(request, encoding, limits, admission, submission).read(format, mediaType)
      meter.tally.came(tenant.id, format.source, receipt.taken.accepted, receipt.taken.rejected)
    } catch (e) {
      // Of a request that is refused as a whole its rejects are kept; what else there is of it is sent again.
      if (!(e instanceof LogUnavailable)) meter.tally.came(tenant.id, format.source, 0, receipt.taken.rejected)
      throw e
    } finally {
      admission.count(tenant.id, receipt.records)
    }
    const counts = receipt.counts()
    for (const [name, n] of Object.entries(counts)) if (n > 0) telemetry.count(`collector.${name}`, n)
    return {
      status: receipt.anyRejected ? 207 : 200,
      body: receipt.body(),
      log: { tenant: tenant.id, ...counts },
    }
  }

  const handlers = bind('collector', {
    events: (call) => take(call, OWN),
    xapi: (call) => take(call, XAPI),
    caliper: (call) => take(call, CALIPER),
    health: async () => ({ status: 200, body: { status: 'ok', service: 'collector', version: parts.version } }),
  })
  const routes = measuredRoutes(handlers, meter)
  return { routes, handle: responder(routes, telemetry), close: () => commit.drained() }
}

/** Appends whose failures, of whatever kind, tell the sender to try again, and the operator why. */
function guarded(parts: CollectorParts): Pick<EventLog, 'append'> {
  return {
    async append(records: readonly LogAppend[]) {
      try {
        await parts.log.append(records)
      } catch (error) {
        parts.telemetry.error(`the log refused ${records.length} records: ${(error as Error).message}`)
        parts.telemetry.count('collector.log_failures')
        throw error
      }
    },
  }
}
