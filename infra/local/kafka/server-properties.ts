import { join } from 'node:path'
import { LOOPBACK } from '../network.ts'
import type { Ports } from '../part.ts'

/** Configuration of one broker that is its own controller. Every listener is on the loopback address. */
export function serverProperties(partDir: string, ports: Ports): string {
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    // Voters by configuration, not in the log: another controller port on another day is no trouble.
    'controller.quorum.voters': `1@${LOOPBACK}:${ports['controller']}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${LOOPBACK}:${ports.main},CONTROLLER://${LOOPBACK}:${ports['controller']}`,
    'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${ports.main}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(partDir, 'data'),
    // Topics are made by provisioning from topology; a typing error must not make one.
    'auto.create.topics.enable': false,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // The cleaner's default buffer of 128 MB would be a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    // A killed broker may register again only when its old session has run out (default 9 s).
    'broker.session.timeout.ms': 4_000,
    'broker.heartbeat.interval.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'num.recovery.threads.per.data.dir': 2,
    'message.max.bytes': 8_388_608,
    'controlled.shutdown.max.retries': 1,
    'controlled.shutdown.retry.backoff.ms': 100,
  }
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`
}
