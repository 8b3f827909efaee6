import type { Meter } from '../runtime/ops/meters.ts'
import { ClientGone, HttpError } from './call.ts'
import type { Route } from './router.ts'

/** Asked by machines, however little goes on; they would hide how people fare. */
const NOT_COUNTED = ['health', 'ready', 'openapi']

/** The same routes, measured: an answer is an operation, one with a status of 500 or more an error. */
export function measuredRoutes(routes: readonly Route[], meter: Meter): Route[] {
  return routes.map((route) => {
    if (NOT_COUNTED.includes(route.id)) return route
    return {
      ...route,
      async handle(call) {
        const began = meter.begin()
        try {
          const reply = await route.handle(call)
          meter.did(1, began)
          if (reply.status >= 500) meter.tally.failed()
          return reply
        } catch (e) {
          // Nobody is there to be answered.
          if (e instanceof ClientGone || call.request.socket.destroyed) throw e
          meter.did(1, began)
          if (!(e instanceof HttpError) || e.status >= 500) meter.tally.failed()
          throw e
        }
      },
    }
  })
}
