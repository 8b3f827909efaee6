export type Json = Readonly<Record<string, unknown>>

export const text = { type: 'string' }
export const number = { type: 'number' }
export const whole = { type: 'integer', minimum: 0 }
export const share = { type: 'number', minimum: 0, maximum: 1 }
export const time = { type: 'string', format: 'date-time' }
export const anyTime = { anyOf: [time, { type: 'integer' }], description: 'ISO 8601 or epoch milliseconds.' }
export const list = (items: Json): Json => ({ type: 'array', items })
export const nullable = (schema: Json): Json => ({ anyOf: [schema, { type: 'null' }] })
export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })

/** An object whose fields are all there. */
export function exact(properties: Record<string, Json>): Json {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}
