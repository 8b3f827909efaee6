import { bodyChunks, mediaTypeOf, SentPrefix } from '@mastery/infra/http/body.ts'
import { type Call, HttpError, type Reply } from '@mastery/infra/http/call.ts'
import type { Handler } from '@mastery/infra/http/router.ts'
import { z } from 'zod'
import type { AccessLog } from '../access.ts'
import type { Who } from '../who.ts'
import { eraseStudent, readmitStudent, receiptOf } from './erase.ts'
import { exportStudent, type Unseal } from './export.ts'
import type { PrivacyParts } from './parts.ts'

const LIMIT = 16 * 1024
const Asked = z.strictObject({ student_id: z.string().min(1).max(512), reason: z.string().max(500).optional() })

/** Erasure, readmission, receipts and export over HTTP. Each takes a key with the role admin. */
export function privacyRoutes(
  parts: PrivacyParts,
  who: Who,
  access: AccessLog,
  unseal: NonNullable<Unseal>,
): Record<'erase' | 'readmit' | 'receipt' | 'export', Handler> {
  async function about(call: Call, action: string) {
    const caller = who.caller(call, 'admin')
    const asked = await bodyOf(call)
    const student = who.pseudonymGiven(caller.tenant, asked.student_id)
    access.note({ ...who.entry(call, caller), action, student })
    return { of: { tenant: caller.tenant.id, student }, reason: asked.reason ?? null }
  }

  return {
    async erase(call) {
      const { of, reason } = await about(call, 'erase')
      const receipt = await eraseStudent(parts, of, reason)
      return { status: receipt.status === 'complete' ? 200 : 202, body: receipt }
    },
    async readmit(call) {
      const { of, reason } = await about(call, 'readmit')
      const done = await readmitStudent(parts, of, reason)
      return { status: done.status === 'pending' ? 202 : 200, body: done }
    },
    async receipt(call) {
      const { tenant } = who.caller(call, 'admin')
      const receipt = await receiptOf(parts, call.params['receipt_id']!, tenant.id)
      if (!receipt)
        throw new HttpError(
          404,
          'unknown_receipt',
          'No erasure of this tenant has this id. POST /privacy/erase gives it.',
        )
      return { status: 200, body: receipt }
    },
    async export(call): Promise<Reply> {
      const caller = who.caller(call, 'admin')
      const asked = call.query.get('student_id')
      if (!asked) throw new HttpError(400, 'missing_parameter', 'Send student_id: whose data is to be exported.')
      const student = who.pseudonymGiven(caller.tenant, asked)
      const found = await exportStudent(parts, { tenant: caller.tenant.id, student }, caller.mayUnseal ? unseal : null)
      access.note({ ...who.entry(call, caller), action: 'export', student })
      return { status: 200, body: found }
    },
  }
}

async function bodyOf(call: Call): Promise<z.infer<typeof Asked>> {
  mediaTypeOf(call.request, ['application/json'])
  const chunks: Buffer[] = []
  const limits = { compressedBytes: LIMIT, decompressedBytes: LIMIT }
  for await (const chunk of bodyChunks(call.request, 'identity', limits, new SentPrefix(0))) chunks.push(chunk)
  let json: unknown
  try {
    json = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new HttpError(400, 'malformed_json', 'The body is no JSON: send {"student_id": "..."}.')
  }
  const parsed = Asked.safeParse(json)
  const unknown = parsed.error?.issues.flatMap((i) => (i.code === 'unrecognized_keys' ? i.keys : [])) ?? []
  if (unknown.length > 0)
    throw new HttpError(
      400,
      'unknown_field',
      `Nothing was done: ${unknown.map((name) => JSON.stringify(name.slice(0, 60))).join(', ')} is no field of this request, which takes student_id and reason. Leave it out, or correct its name.`,
    )
  if (!parsed.success)
    throw new HttpError(
      400,
      'bad_request',
      'Send {"student_id": "...", "reason": "..."}: student_id is text of 1 to 512 characters, reason, which may be left out, of up to 500.',
    )
  return parsed.data
}
