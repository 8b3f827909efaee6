import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { onCluster, quote } from './ddl.ts'
import type { MigrationDb } from './migrations/migration.ts'

const LOCK = 'schema_migration_running'

/**
 * Runs `work` in one process at a time: creating a table that must not exist succeeds once. The holder changes the
 * table's comment every `beatMs`; one that has not done so for `staleMs`, by the waiter's clock, is dead and its lock is
 * taken away.
 */
export async function alone(
  db: MigrationDb,
  work: () => Promise<void>,
  { beatMs, staleMs, pollMs } = { beatMs: 5000, staleMs: 60_000, pollMs: 250 },
): Promise<void> {
  if (db.exclusive) return work()
  const me = randomUUID()
  let seen = ''
  let since = 0
  for (;;) {
    const [lock] = await db.query<{ comment: string }>(
      `SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = '${LOCK}'`,
    )
    if (lock === undefined) {
      try {
        await db.command(
          `CREATE TABLE ${LOCK}${onCluster(db.cluster)} (at DateTime) ENGINE = Memory COMMENT ${quote(`${me} 0`)}`,
        )
        break
      } catch (e) {
        // Another process was faster.
        if (!/already exists/i.test((e as Error).message)) throw e
      }
    } else if (lock.comment !== seen) {
      seen = lock.comment
      since = Date.now()
    } else if (Date.now() - since > staleMs) {
      await db.command(`DROP TABLE IF EXISTS ${LOCK}${onCluster(db.cluster)} SYNC`)
      continue
    }
    await sleep(pollMs)
  }
  let beats = 0
  const timer = setInterval(() => {
    beats++
    // A beat that fails is followed by others; without any the lock is given up, which the next statement survives.
    db.command(`ALTER TABLE ${LOCK}${onCluster(db.cluster)} MODIFY COMMENT ${quote(`${me} ${beats}`)}`).catch(() => {})
  }, beatMs)
  try {
    await work()
  } finally {
    clearInterval(timer)
    await db.command(`DROP TABLE IF EXISTS ${LOCK}${onCluster(db.cluster)} SYNC`)
  }
}
