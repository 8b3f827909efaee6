import { describe, expect, it } from 'vitest'
import { createTable, createView, onCluster, quote, shardKey, stored } from './ddl.ts'
import { goldTable, TABLES } from './tables.ts'
import { VIEWS } from './views.ts'

describe('DDL of gold', () => {
  it('on one server is one replacing table', () => {
    const [sql, ...more] = createTable(goldTable('student_mastery_rows'))
    expect(more).toEqual([])
    expect(sql).toMatch(/^CREATE TABLE IF NOT EXISTS student_mastery_rows \(tenant LowCardinality\(String\) COMMENT/)
    expect(sql).toMatch(
      /ENGINE = ReplacingMergeTree\(version\) ORDER BY \(tenant, student_id, topic_id, generation\) COMMENT '/,
    )
    expect(createTable(goldTable('learning_events'))[0]).toMatch(
      /INDEX by_offset src_offset TYPE minmax GRANULARITY 1\) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM\(occurred_at\) ORDER BY \(tenant, student_id, occurred_at, generation, src_partition, src_offset, ordinal\)/,
    )
  })

  it('on a cluster is a replicated table on every node and a distributed one under the plain name', () => {
    const [local, distributed, ...more] = createTable(goldTable('student_topic_features'), 'mastery')
    expect(more).toEqual([])
    expect(local).toMatch(/^CREATE TABLE IF NOT EXISTS student_topic_features_local ON CLUSTER `mastery` \(/)
    expect(local).toContain(
      "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', version) ORDER BY (tenant, student_id, topic_id, generation)",
    )
    expect(distributed).toMatch(
      /^CREATE TABLE IF NOT EXISTS student_topic_features ON CLUSTER `mastery` AS student_topic_features_local ENGINE = Distributed\(`mastery`, currentDatabase\(\), student_topic_features_local, cityHash64\(student_id\)\) COMMENT '/,
    )
    expect(createTable(goldTable('event_dispositions'), 'mastery')[0]).toContain(
      "ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') PARTITION BY toYYYYMM(occurred_at)",
    )
    expect(stored('rejects', 'mastery')).toBe('rejects_local')
    expect(createView(VIEWS[0]!, 'mastery')).toMatch(/^CREATE OR REPLACE VIEW \w+ ON CLUSTER `mastery` AS SELECT/)
  })

  // FINAL replaces within a shard: rows with one key must never stand on two.
  it('keeps rows that replace each other on one shard', () => {
    for (const t of TABLES) {
      expect(t.shard.length).toBeGreaterThan(0)
      for (const column of t.shard) expect(t.order, t.name).toContain(column)
      expect(shardKey(t)).toBe(`cityHash64(${t.shard.join(', ')})`)
    }
  })

  it("keeps all of a student's rows on one shard", () => {
    for (const t of TABLES.filter((x) => x.order.includes('student_id')))
      expect(t.shard, t.name).toEqual(['student_id'])
  })

  // Rows in two time partitions never replace each other.
  it('cuts only those tables by month whose key holds the time', () => {
    for (const t of TABLES.filter((x) => x.month !== null)) expect(t.order, t.name).toContain(t.month)
  })

  it('sorts, versions and ages by columns that exist, and says what every column holds', () => {
    for (const t of TABLES) {
      const names = t.columns.map((c) => c[0])
      expect(new Set(names).size, t.name).toBe(names.length)
      expect(t.about).not.toBe('')
      for (const [name, , about] of t.columns) expect(about, `${t.name}.${name}`).toMatch(/\S/)
      for (const used of [...t.order, t.version, t.month, t.age === 'stored_at' ? null : t.age])
        if (used !== null) expect(names, t.name).toContain(used)
      if (t.age === 'stored_at') expect(t.stored).toBe(true)
    }
  })

  it('quotes texts and refuses a name that would end the identifier', () => {
    expect(quote("it's \\")).toBe("'it\\'s \\\\'")
    expect(() => onCluster('a` b')).toThrow(/CLICKHOUSE_CLUSTER/)
    expect(onCluster(null)).toBe('')
  })
})
