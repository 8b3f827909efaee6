/** What a migration works on. */
export interface MigrationDb {
  /** Null: one server, or the engine in the process. */
  cluster: string | null
  /** No other process can work on this database: the engine in the process. */
  exclusive: boolean
  command(sql: string, settings?: Record<string, string | number>): Promise<void>
  query<T>(sql: string): Promise<T[]>
}

/** A change of a database that holds data. It may be cut off anywhere and begun again. */
export interface Migration {
  id: number
  name: string
  up(db: MigrationDb): Promise<void>
}

/** The database cannot be brought to this build's schema; the message says what to do. */
export class MigrationError extends Error {
  override name = 'MigrationError'
}
