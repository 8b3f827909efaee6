import { COMPONENTS, type ComponentName } from './components.ts'
import type { RouteSpec } from './route-spec.ts'
import { ROUTES } from './route-table.ts'

const ref = (name: ComponentName) => ({ $ref: `#/components/schemas/${name}` })

/** The OpenAPI 3.1 document of all services, made from the route table. */
export function openApiDocument(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of ROUTES) {
    const methods = (paths[route.path] ??= {})
    methods[route.method.toLowerCase()] ??= operation(route)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'mastery-stream',
      version,
      summary: 'Learner events in, explained mastery per student and topic out.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: COMPONENTS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: "The tenant's API key." },
        header: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      },
    },
  }
}

function operation(route: RouteSpec): Record<string, unknown> {
  return {
    operationId: `${route.service}.${route.id}`,
    tags: [route.service],
    summary: route.about,
    security: route.keyed ? [{ bearer: [] }, { header: [] }] : [],
    parameters: route.parameters.map((p) => ({
      name: p.name,
      in: p.in,
      required: p.required,
      description: p.about,
      schema: { type: p.type },
    })),
    ...(route.body ? { requestBody: requestBody(route.body) } : {}),
    responses: Object.fromEntries(
      Object.entries(route.replies).map(([status, r]) => [
        status,
        {
          description: r.about,
          ...(r.schema ? { content: { 'application/json': { schema: ref(r.schema) } } } : {}),
        },
      ]),
    ),
  }
}

function requestBody(body: NonNullable<RouteSpec['body']>): unknown {
  const one = ref(body.schema)
  const many = body.array ? { anyOf: [one, { type: 'array', items: one }] } : one
  return {
    required: true,
    description: 'Content-Encoding gzip and deflate are taken.',
    content: Object.fromEntries(
      body.mediaTypes.map((type) => [type, { schema: type === 'application/json' ? many : one }]),
    ),
  }
}
