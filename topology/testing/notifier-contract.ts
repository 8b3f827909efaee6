import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TransientError } from '../ports/failure.ts'
import { MessageRefused, type Notifier, type OutgoingMessage } from '../ports/notifier.ts'

/** Ways in which receivers fail. Some channels lack some of them. */
export type Failure = 'refuses for good' | 'refuses for now' | 'stalls' | 'hangs up before' | 'hangs up after'

export interface NotifierWorld {
  notifier: Notifier
  /** Ids of what the receiver has taken, each as often as it took it. */
  taken(): Promise<string[]>
  /** From here on the receiver fails so; null: it works. */
  failing(how: Failure | null): void
  /** Nobody answers there. */
  gone: Notifier
  close(): Promise<void>
}

export function exampleDelivery(n: number, given: Partial<Delivery> = {}): Delivery {
  return {
    origin_partition: 0,
    origin_offset: n,
    ordinal: 0,
    generation: 0,
    tenant: 'school',
    delivery_id: n.toString(16).padStart(32, '0'),
    recipient: '1'.repeat(32),
    role: 'teacher',
    kind: 'digest',
    school: 's1',
    policy: 'p1',
    now: Date.parse('2026-09-07T15:30:00Z'),
    items: [
      {
        alert_id: `alert-${n}`,
        sequence: 1,
        kind: 'firing',
        rule: 'struggling',
        scope: 'student',
        severity: 'normal',
        student: '2'.repeat(32),
        class: 'c1',
        topic: 'fractions',
        occurred_at: Date.parse('2026-09-07T10:00:00Z'),
        evidence: [
          { code: 'mastery', value: 0.41, text: null },
          { code: 'note', value: null, text: 'bei "Brüchen" <b>' },
        ],
        mutes: 0,
        place: 'text',
      },
    ],
    more: 0,
    muted: 0,
    ...given,
  }
}

export function exampleMessage(n: number, given: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    delivery: exampleDelivery(n),
    address: 'dora@school.example',
    language: 'en',
    subject: 'Today: 1 notice on learning – Größe',
    text: 'Hello Dora,\n\n.Ann: a line that begins with a dot\n',
    html: '<!doctype html><p>Hello Dora,</p>',
    unsubscribe: 'http://127.0.0.1:8080/unsubscribe?token=x.y',
    ...given,
  }
}

/** What every way to a reader keeps to. `lacks`: failures that its receivers do not know. */
export function notifierContract(open: () => Promise<NotifierWorld>, lacks: readonly Failure[] = []): void {
  describe('notifier', () => {
    let world: NotifierWorld
    let n = 0
    beforeAll(async () => {
      world = await open()
    })
    afterAll(() => world.close())
    const countOf = async (id: string) => (await world.taken()).filter((t) => t === id).length

    it('hands a message over under an id of its own, the same every time', async () => {
      const message = exampleMessage(++n)
      const { messageId } = await world.notifier.send(message)
      expect(messageId).toContain(message.delivery.delivery_id)
      expect(await countOf(messageId)).toBe(1)
      expect((await world.notifier.send(message)).messageId).toBe(messageId)
      const other = await world.notifier.send(exampleMessage(++n))
      expect(other.messageId).not.toBe(messageId)
      expect(await countOf(other.messageId)).toBe(1)
    })

    it('takes many at once', async () => {
      const ids = await Promise.all(
        Array.from({ length: 20 }, () => world.notifier.send(exampleMessage(++n)).then((a) => a.messageId)),
      )
      expect(new Set(ids).size).toBe(20)
      for (const id of ids) expect(await countOf(id)).toBe(1)
    })

    // What a channel can't meet with is not registered.
    const can = (how: Failure) => !lacks.includes(how)

    if (can('refuses for good'))
      it('says when a receiver refuses for good, and names nobody', async () => {
        world.failing('refuses for good')
        const error = await world.notifier.send(exampleMessage(++n)).catch((e: Error) => e)
        world.failing(null)
        expect(error).toBeInstanceOf(MessageRefused)
        expect((error as Error).message).not.toMatch(/dora|@school|Ann/i)
      })

    it.each((['refuses for now', 'stalls', 'hangs up before'] as const).filter(can))(
      'asks for another attempt where a receiver %s, which then works',
      async (how) => {
        const message = exampleMessage(++n)
        world.failing(how)
        const error = await world.notifier.send(message).catch((e: Error) => e)
        world.failing(null)
        expect(error).toBeInstanceOf(TransientError)
        expect((error as Error).message).not.toMatch(/dora|@school|Ann/i)
        const { messageId } = await world.notifier.send(message)
        expect(await countOf(messageId)).toBe(1)
      },
    )

    if (can('hangs up after'))
      it('repeats under the same id what was taken without a word', async () => {
        const message = exampleMessage(++n)
        world.failing('hangs up after')
        await expect(world.notifier.send(message)).rejects.toThrow(TransientError)
        world.failing(null)
        const { messageId } = await world.notifier.send(message)
        // Twice there, and the id says so.
        expect(await countOf(messageId)).toBe(2)
      })

    it('asks for another attempt where nobody answers', async () => {
      await expect(world.gone.send(exampleMessage(++n))).rejects.toThrow(TransientError)
    })
  })
}
