import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { StateScope, StateStore } from '@mastery/topology/ports/state-store.ts'

interface Held {
  holder: string
  host: string
  pid: number
  /** UTC milliseconds. */
  until: number
  since: number
}

/** Somebody else does it at this moment. */
export class LeaseHeld extends Error {
  override name = 'LeaseHeld'
}

export interface Lease {
  /** Aborted when the lease was lost: somebody else may be at it. */
  readonly signal: AbortSignal
  release(): Promise<void>
}

const LASTS_MS = 15_000

function gone(h: Held): boolean {
  if (h.host !== hostname()) return false
  try {
    process.kill(h.pid, 0)
    return false
  } catch (e) {
    return (e as NodeJS.ErrnoException).code !== 'EPERM'
  }
}

/**
 * Takes a name for one holder over all processes that share the state store. It lasts 15 seconds and is renewed while
 * the process lives, so that it dies with its holder; on one machine a dead holder is seen at once. Clocks of machines
 * may differ by some seconds.
 * @throws LeaseHeld where somebody has it
 */
export async function takeLease(state: StateStore, name: string, lastsMs = LASTS_MS): Promise<Lease> {
  const scope: StateScope = { stage: `lease-${name}`, generation: 0, topic: 'mastery.control', partition: 0 }
  const me: Held = { holder: randomUUID(), host: hostname(), pid: process.pid, until: 0, since: Date.now() }
  const found = await state.peek(scope)
  if (found !== null) {
    const h = JSON.parse(Buffer.from(found.meta).toString()) as Held
    if (h.until > Date.now() && !gone(h))
      throw new LeaseHeld(
        `${name} is running already, in process ${h.pid} on ${h.host}, since ${new Date(h.since).toISOString()}. Wait until it is done.`,
      )
  }
  let { epoch } = await state.claim(scope, me.holder)
  // Whoever committed between the look and the claim has moved the offset, and the commit below is fenced.
  let at = found?.nextOffset ?? 0
  const write = async (until: number) => {
    const meta = Buffer.from(JSON.stringify({ ...me, until }))
    const commit = { epoch, expectedOffset: at, nextOffset: at + 1, meta, changes: [], outputs: [] }
    const stored = await state.commit(scope, commit)
    if (stored === 'fenced') return false
    at++
    return true
  }
  if (!(await write(Date.now() + lastsMs))) throw new LeaseHeld(`${name} has just been started by somebody else.`)
  /** Somebody who came too late may have raised the epoch: what counts is whose entry stands there. */
  const renew = async (until: number) => {
    if (await write(until)) return true
    const there = await state.peek(scope)
    if (there === null || (JSON.parse(Buffer.from(there.meta).toString()) as Held).holder !== me.holder) return false
    at = there.nextOffset
    ;({ epoch } = await state.claim(scope, me.holder))
    return write(until)
  }
  const lost = new AbortController()
  let renewing: Promise<void> = Promise.resolve()
  let valid = Date.now() + lastsMs
  const timer = setInterval(() => {
    renewing = renewing.then(async () => {
      const until = Date.now() + lastsMs
      try {
        if (await renew(until)) valid = until
        else lost.abort(new LeaseHeld(`${name} was taken over by another process.`))
      } catch (e) {
        // The store may come back in time.
        if (Date.now() > valid) lost.abort(e)
      }
      if (lost.signal.aborted) clearInterval(timer)
    })
  }, lastsMs / 3)
  timer.unref()
  return {
    signal: lost.signal,
    async release() {
      clearInterval(timer)
      await renewing
      if (!lost.signal.aborted) await renew(0)
    },
  }
}
