import { hash } from 'node:crypto'

/**
 * 53-bit hash of a string, as a safe integer. Two 32-bit multiply-xorshift lanes over the UTF-16 code units;
 * integer arithmetic only, so it agrees on every machine and Node version.
 */
export function hash53(text: string): number {
  let a = 0xdeadbeef | 0
  let b = 0x41c6ce57 | 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 2654435761)
    b = Math.imul(b ^ c, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0)
}

/** First 128 bits of SHA-256 over the parts, as 32 hexadecimal digits. Parts are length-prefixed, so none can run into the next. */
export function hash128(...parts: string[]): string {
  let text = ''
  for (const part of parts) text += `${part.length}:${part}`
  return hash('sha256', text, 'hex').slice(0, 32)
}
