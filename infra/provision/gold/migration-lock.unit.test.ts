import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { alone } from './migration-lock.ts'
import type { MigrationDb } from './migrations/migration.ts'

/** A server that knows one table: the lock. */
class LockTable implements MigrationDb {
  cluster: string | null = null
  exclusive = false
  comment: string | null = null
  statements: string[] = []

  async command(sql: string): Promise<void> {
    this.statements.push(sql)
    const comment = /COMMENT '(.*)'$/.exec(sql)?.[1] ?? null
    if (sql.startsWith('CREATE')) {
      if (this.comment !== null) throw new Error('Table default.schema_migration_running already exists.')
      this.comment = comment
    } else if (sql.startsWith('ALTER')) {
      if (this.comment === null) throw new Error('Unknown table')
      this.comment = comment
    } else this.comment = null
  }

  async query<T>(): Promise<T[]> {
    return (this.comment === null ? [] : [{ comment: this.comment }]) as T[]
  }
}

describe('the lock of migrations', () => {
  const soon = { beatMs: 5, staleMs: 300, pollMs: 5 }
  afterEach(() => void vi.restoreAllMocks())

  it('lets one process migrate at a time, however long it takes', async () => {
    const db = new LockTable()
    const beats = () => db.statements.filter((s) => s.startsWith('ALTER')).length
    // The clock goes by a hundred milliseconds at each beat: a waiter that did not see them would count 1,000.
    vi.spyOn(Date, 'now').mockImplementation(() => beats() * 100)
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      for (const end = beats() + 10; beats() < end; ) await sleep(5)
      inside--
    }
    await Promise.all([alone(db, work, soon), alone(db, work, soon), alone(db, work, soon)])
    expect(most).toBe(1)
    expect(db.comment).toBeNull()
    expect(beats()).toBeGreaterThanOrEqual(30)
  })

  it('takes the lock of a process that died away', async () => {
    const db = new LockTable()
    db.comment = 'somebody 7'
    let ran = 0
    await alone(db, async () => void ran++, soon)
    expect([ran, db.comment]).toEqual([1, null])
  })

  it('gives the lock back where the work fails, and fails where the server refuses', async () => {
    const db = new LockTable()
    const failing = async () => {
      throw new Error('no space')
    }
    await expect(alone(db, failing, soon)).rejects.toThrow('no space')
    expect(db.comment).toBeNull()
    db.command = async () => {
      throw new Error('Not enough privileges')
    }
    await expect(alone(db, async () => {}, soon)).rejects.toThrow('Not enough privileges')
  })

  it('is not needed where no other process can be, and holds on the whole cluster', async () => {
    const db = new LockTable()
    db.exclusive = true
    await alone(db, async () => {}, soon)
    expect(db.statements).toEqual([])
    db.exclusive = false
    db.cluster = 'mastery'
    await alone(db, async () => {}, soon)
    for (const sql of db.statements) expect(sql).toContain('schema_migration_running ON CLUSTER `mastery`')
  })
})
