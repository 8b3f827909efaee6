import type { ServiceName } from '@mastery/topology/flow.ts'
import { expect, vi } from 'vitest'
import type { Services } from '../processes/services.ts'
import type { TcpProxy } from './proxy.ts'

/** What has not happened by then never will: minutes more than it takes on a machine that does ten things besides. */
export const LIMIT_MS = 240_000
export const pause = (ms: number) => new Promise<void>((r) => setTimeout(r, ms))

const met = (look: () => void): Promise<void> => vi.waitFor(look, { timeout: LIMIT_MS, interval: 20 })

/** Resolves once a process of a service has said it. */
export function says(services: Services, name: ServiceName, what: RegExp): Promise<void> {
  return met(() => expect(services.output(name)).toMatch(what))
}

/** Waits until some of the answers that are to be lost are, and for a moment more; then none is. Gives how many were. */
export async function answersLost(proxy: TcpProxy, before: number): Promise<number> {
  await met(() => expect(proxy.seen.lost - before).toBeGreaterThan(2))
  await pause(1_000)
  proxy.loseAnswers(0)
  return proxy.seen.lost - before
}
