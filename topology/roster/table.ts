import type { TableName } from './columns.ts'
import type { Place } from './problem.ts'

/** A row of a roster: the columns that are read, empty text where there is nothing, and where it came from. */
export interface RosterRow {
  at: Place
  values: Readonly<Record<string, string>>
}

/** Rows of one table by sourcedId, in the order of the file. */
export type RosterTable = ReadonlyMap<string, RosterRow>
export type RosterTables = Readonly<Record<TableName, RosterTable>>

export const cell = (row: RosterRow, column: string): string => row.values[column] ?? ''

/** Several values in one cell. */
export function listed(row: RosterRow, column: string): string[] {
  const text = cell(row, column)
  return text === ''
    ? []
    : text
        .split(',')
        .map((x) => x.trim())
        .filter((x) => x !== '')
}

/** Whether the roster has the account in use. */
export const isEnabled = (user: RosterRow): boolean => cell(user, 'enabledUser') === 'true'
