/** Rows for one table, in the table's column order. */
export interface GoldRows {
  table: string
  rows: readonly unknown[][]
}

/** The analytical store. Tables replace rows by identity, so that inserting the same rows again changes nothing. */
export interface GoldStore {
  /** Creates or upgrades the schema. Idempotent. */
  migrate(): Promise<void>
  /** Resolves once the rows are stored. A retry with the same rows is harmless. */
  insert(batch: readonly GoldRows[]): Promise<void>
  /** Rows as objects. Placeholders are {name:Type}. */
  query<T>(sql: string, params?: Record<string, unknown>): Promise<T[]>
  /** Text in any of ClickHouse's output formats. */
  queryText(sql: string, format: string): Promise<string>
  close(): Promise<void>
}
