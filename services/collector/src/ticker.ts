import { broadcast } from '@mastery/infra/runtime/broadcast.ts'
import type { RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'

/** Time enters the log as records: one tick to every partition of learning.events, at once and then regularly. */
export function startTicker(parts: RuntimeParts, seconds: number, now: () => number): { stop(): void } {
  const tick = async () => {
    const at = now()
    const value = parts.codec.encode('tick', { at })
    await broadcast(parts.log, 'learning.events', { key: 'tick', value, timestamp: at })
  }
  const guarded = () => void tick().catch((e: Error) => parts.telemetry.warn(`no tick was written: ${e.message}`))
  guarded()
  const timer = setInterval(guarded, seconds * 1000)
  return { stop: () => clearInterval(timer) }
}
