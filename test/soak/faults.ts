import { AWAITED_SERVICES, type ServiceName } from '@mastery/topology/flow.ts'
import { signalPart, startPart } from '../faults/parts.ts'
import { pause, type Rig } from '../faults/rig.ts'

/** One way to hurt the running system. Resolves when the fault is over; what it did, in words. */
export interface SoakFault {
  name: string
  strike(rig: Rig): Promise<void>
}

/** A supervisor starts it again. */
const killed = (name: ServiceName): SoakFault => ({
  name: `kill -9 ${name}`,
  async strike(rig) {
    await rig.replace(name)
  },
})

/** Longer than the session time-out: it wakes up as a zombie. */
const frozen = (name: ServiceName): SoakFault => ({
  name: `SIGSTOP ${name} for 9 s`,
  async strike(rig) {
    const { child } = rig.services.of(name)
    child.kill('SIGSTOP')
    await pause(9_000)
    child.kill('SIGCONT')
  },
})

const ended = (name: ServiceName): SoakFault => ({
  name: `SIGTERM ${name}`,
  async strike(rig) {
    const server = rig.services.of(name)
    server.child.kill('SIGTERM')
    await server.ended
    // Told to go, it goes with 0; the rig starts it again as after any end.
  },
})

const restarted = (part: 'kafka' | 'redis' | 'clickhouse' | 'registry', signal: 'SIGKILL' | 'SIGTERM'): SoakFault => ({
  name: `${signal === 'SIGKILL' ? 'kill -9' : 'restart'} ${part}`,
  async strike(rig) {
    await signalPart(rig.folder, part, signal)
    await pause(1_500)
    await startPart(rig.folder, part)
  },
})

const slow = (part: 'redis' | 'clickhouse', latencyMs: number): SoakFault => ({
  name: `${part} answers ${latencyMs} ms late for 6 s`,
  async strike(rig) {
    const proxy = rig.proxy(part)
    proxy.latencyMs = latencyMs
    await pause(6_000)
    proxy.latencyMs = 0
  },
})

export const SOAK_FAULTS: readonly SoakFault[] = [
  ...AWAITED_SERVICES.map(killed),
  ...AWAITED_SERVICES.map(killed),
  ...AWAITED_SERVICES.map(frozen),
  ...AWAITED_SERVICES.map(ended),
  restarted('kafka', 'SIGTERM'),
  restarted('kafka', 'SIGKILL'),
  restarted('redis', 'SIGTERM'),
  restarted('redis', 'SIGKILL'),
  restarted('clickhouse', 'SIGKILL'),
  restarted('registry', 'SIGKILL'),
  slow('redis', 300),
  slow('clickhouse', 2_000),
  {
    name: 'Redis FLUSHALL',
    strike: async (rig) => {
      await rig.redis((redis) => redis.flushall())
    },
  },
]
