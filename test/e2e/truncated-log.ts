import type { EventLog, LogConsumer } from '@mastery/topology/ports/event-log.ts'

/** A log that has let go of the records of learning.events before `starts`, by partition, as Kafka's retention does. */
export function truncated(log: EventLog, starts: readonly number[]): EventLog {
  const startOf = (topic: string, partition: number) => (topic === 'learning.events' ? starts[partition]! : 0)
  const consumer = (options: Parameters<EventLog['consumer']>[0]): LogConsumer => {
    const inner = log.consumer(options)
    return {
      start: (handler) =>
        inner.start({
          assigned: (topic, partition) => handler.assigned(topic, partition),
          failed: (e) => handler.failed(e),
          batch(topic, partition, records, fetch) {
            const start = startOf(topic, partition)
            if (fetch.requested >= start) return handler.batch(topic, partition, records, fetch)
            const left = records.filter((r) => r.offset >= start)
            return handler.batch(topic, partition, left, { ...fetch, requested: start })
          },
        }),
      stop: () => inner.stop(),
      report: (...of) => inner.report(...of),
      reported: (...of) => inner.reported(...of),
    }
  }
  const over: Partial<EventLog> = {
    consumer,
    async bounds(topic, partition) {
      const { start, end } = await log.bounds(topic, partition)
      return { start: Math.max(start, startOf(topic, partition)), end }
    },
    async read(topic, partition, from, max) {
      return log.read(topic, partition, Math.max(from, startOf(topic, partition)), max)
    },
  }
  return new Proxy(log, {
    get(target, name) {
      const own = over[name as keyof EventLog]
      if (own !== undefined) return own
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
