import type { IncomingMessage } from 'node:http'
import { pipeline, Readable, type Transform } from 'node:stream'
import { createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import { ClientGone, HttpError } from './call.ts'

export interface BodyLimits {
  /** As sent. */
  compressedBytes: number
  /** After Content-Encoding was undone. */
  decompressedBytes: number
}

export type Encoding = 'identity' | 'gzip' | 'deflate'

/** The bytes are not what Content-Encoding says. */
export class EncodingError extends Error {
  override name = 'EncodingError'
}

/** Throws HttpError 415 naming what is taken. */
export function encodingOf(request: IncomingMessage): Encoding {
  const named = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (named === '' || named === 'identity') return 'identity'
  if (named === 'gzip' || named === 'x-gzip') return 'gzip'
  if (named === 'deflate') return 'deflate'
  throw new HttpError(415, 'unknown_encoding', 'Content-Encoding is not known: send gzip, deflate or none.', {
    headers: { 'Accept-Encoding': 'gzip, deflate, identity' },
  })
}

/** The media type without parameters, in lower case. Throws HttpError 415 where it is not one of `allowed`, or not UTF-8. */
export function mediaTypeOf(request: IncomingMessage, allowed: readonly string[]): string {
  const header = request.headers['content-type'] ?? ''
  const type = header.split(';', 1)[0]!.trim().toLowerCase()
  const accept = { Accept: allowed.join(', ') }
  if (!allowed.includes(type))
    throw new HttpError(
      415,
      'unknown_content_type',
      `Content-Type is ${type === '' ? 'missing' : 'not known here'}: send ${allowed.join(' or ')}.`,
      { headers: accept },
    )
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(header)?.[1]
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset))
    throw new HttpError(415, 'unknown_charset', 'The charset is not UTF-8: send JSON in UTF-8.', { headers: accept })
  return type
}

function tooLarge(what: string, limit: number): HttpError {
  return new HttpError(
    413,
    'body_too_large',
    `The body has more than ${limit} bytes${what}. Send it in smaller parts.`,
    {
      more: { limit },
    },
  )
}

/** The first bytes of a body as it was sent, for a reject that keeps what could not be read. */
export class SentPrefix {
  total = 0
  private kept = 0
  private readonly chunks: Buffer[] = []
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }
  add(chunk: Buffer): void {
    this.total += chunk.length
    if (this.kept >= this.limit) return
    const part = chunk.subarray(0, this.limit - this.kept)
    this.chunks.push(part)
    this.kept += part.length
  }
  bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }
}

/**
 * The decompressed body in chunks. Reading stops at the first byte over a limit, so that a small body that unfolds
 * without end costs no more than the limit. Leaves the request open: the answer still has to go out.
 * Throws HttpError 413, EncodingError, ClientGone.
 */
export async function* bodyChunks(
  request: IncomingMessage,
  encoding: Encoding,
  limits: BodyLimits,
  sent: SentPrefix,
): AsyncGenerator<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > limits.compressedBytes) throw tooLarge('', limits.compressedBytes)
  if (encoding === 'identity') {
    yield* sentChunks(request, limits, sent)
    return
  }
  const chunks = sentChunks(request, limits, sent)
  const first = await chunks.next()
  if (first.done) return
  const inflate = decoder(encoding, first.value)
  const whole = async function* () {
    yield first.value
    yield* chunks
  }
  pipeline(Readable.from(whole(), { objectMode: false }), inflate, () => {
    // The reader below gets the error.
  })
  let total = 0
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      total += chunk.length
      if (total > limits.decompressedBytes) throw tooLarge(' after decompression', limits.decompressedBytes)
      yield chunk
    }
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (typeof code === 'string' && code.startsWith('Z_')) throw new EncodingError(code)
    throw error
  }
}

async function* sentChunks(request: IncomingMessage, limits: BodyLimits, sent: SentPrefix): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sent.add(chunk)
      if (sent.total > limits.compressedBytes) throw tooLarge('', limits.compressedBytes)
      yield chunk
    }
  } catch (error) {
    if (error instanceof HttpError) throw error
    throw new ClientGone((error as Error).message)
  }
}

/** Some senders mean raw DEFLATE by "deflate", RFC 9110 means zlib's wrapping of it, whose first byte says so. */
function decoder(encoding: 'gzip' | 'deflate', first: Buffer): Transform {
  if (encoding === 'gzip') return createGunzip()
  return (first[0]! & 0x0f) === 8 ? createInflate() : createInflateRaw()
}
