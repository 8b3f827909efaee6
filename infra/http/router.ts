import { type Call, HttpError, type Reply } from './call.ts'
import type { RouteSpec } from './route-spec.ts'
import { ROUTES } from './route-table.ts'

export interface Route extends RouteSpec {
  handle(call: Call): Promise<Reply>
}

export type Handler = Route['handle']

/** Binds every route of one service in the table. Throws where a handler has no route or a route has no handler. */
export function bind(service: RouteSpec['service'], handlers: Record<string, Handler>): Route[] {
  const specs = ROUTES.filter((r) => r.service === service)
  const wrong = [
    ...specs.filter((s) => !handlers[s.id]).map((s) => s.id),
    ...Object.keys(handlers).filter((id) => !specs.some((s) => s.id === id)),
  ]
  if (wrong.length > 0) throw new Error(`Route table and handlers of ${service} disagree about ${wrong.join(', ')}.`)
  return specs.map((s) => ({ ...s, handle: handlers[s.id]! }))
}

interface Compiled {
  route: Route
  segments: readonly string[]
}

/** Finds the route of a method and path. Of two routes with one method and path the first wins. */
export class Router {
  private readonly compiled: readonly Compiled[]

  constructor(routes: readonly Route[]) {
    this.compiled = routes.map((route) => ({ route, segments: route.path.split('/') }))
  }

  /** Null: no such path. Throws HttpError 405 where the path exists for other methods, 400 for a broken percent-encoding. */
  find(method: string, pathname: string): { route: Route; params: Record<string, string> } | null {
    const segments = pathname.split('/')
    const fits = this.compiled.filter((c) => matches(c.segments, segments))
    if (fits.length === 0) return null
    const wanted = method === 'HEAD' ? 'GET' : method
    const found = fits.find((c) => c.route.method === wanted)
    if (!found) {
      const allow = [...new Set(fits.flatMap((c) => (c.route.method === 'GET' ? ['GET', 'HEAD'] : [c.route.method])))]
      throw new HttpError(405, 'method_not_allowed', `This path takes ${allow.join(', ')}.`, {
        headers: { Allow: allow.join(', ') },
      })
    }
    const params: Record<string, string> = {}
    found.segments.forEach((s, i) => {
      if (s.startsWith('{')) params[s.slice(1, -1)] = decode(segments[i]!)
    })
    return { route: found.route, params }
  }
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((p, i) => (p.startsWith('{') ? segments[i] !== '' : p === segments[i]))
  )
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new HttpError(400, 'bad_path', 'A percent sign in the path is not followed by two hexadecimal digits.')
  }
}
