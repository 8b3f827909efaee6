import { beforeAll, describe, expect, it } from 'vitest'
import type { Codec } from '../ports/codec.ts'

const TICK = { at: 1_700_000_000_000 }

/** What the codec must do with any registry behind it. `open` opens it again on the same registry each time. */
export function registryContract(name: string, open: () => Promise<Codec>): void {
  describe(`codec and registry: ${name}`, () => {
    let codec: Codec
    beforeAll(async () => {
      codec = await open()
    })

    it('writes Confluent wire format and reads it back', () => {
      const bytes = codec.encode('tick', TICK)
      expect(bytes[0]).toBe(0)
      expect(bytes.readUInt32BE(1)).toBeGreaterThan(0)
      const { subject, value } = codec.decode(bytes)
      expect(subject).toBe('tick')
      expect({ ...(value as object) }).toEqual(TICK)
    })

    it('gives every subject an id of its own, the same when opened again', async () => {
      const again = await open()
      const tick = codec.encode('tick', TICK)
      expect(again.encode('tick', TICK)).toEqual(tick)
      expect(again.decode(tick).subject).toBe('tick')
      const marker = {
        marker_id: 'm',
        action: 'prepare',
        subject: 'model',
        name: 'bkt',
        version: '1',
        payload: null,
        issued_at: 1,
      }
      expect(again.encode('marker', marker).readUInt32BE(1)).not.toBe(tick.readUInt32BE(1))
    })

    it('asks for an id that it does not know, and says when the registry has none', async () => {
      const bytes = Buffer.from(codec.encode('tick', TICK))
      bytes.writeUInt32BE(99_999_999, 1)
      expect(() => codec.decode(bytes)).toThrow(/no schema with id 99999999/)
      expect(await codec.learn(99_999_999)).toBe(false)
    })
  })
}
