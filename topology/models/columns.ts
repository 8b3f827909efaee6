/** A table of fitted parameters as artefacts hold it: `name` and one array per column, all of one length. */
export type Columns = { readonly name: readonly string[] } & Readonly<Record<string, readonly (number | string)[]>>

export interface ColumnRange {
  low: number
  high: number
  /** Taken where the table lacks the column; without it the column must be there. */
  otherwise?: number
}

/**
 * Reads the columns of the table `field`, in rows by name; a table that is left out is empty. Throws an Error that names
 * the field, column and row that do not fit.
 */
export function* rowsOf<C extends string>(
  json: unknown,
  field: string,
  ranges: Readonly<Record<C, ColumnRange>>,
): Generator<[name: string, row: Record<C, number>]> {
  const table = (json as Record<string, unknown> | null)?.[field] as Columns | undefined
  if (table === undefined) return
  const { name } = table ?? {}
  if (!Array.isArray(name)) throw new Error(`Field "${field}" must have an array "name"; it is ${shown(table)}.`)
  const wanted = Object.keys(ranges) as C[]
  for (const c of wanted) {
    const column: unknown = Object.hasOwn(table, c) ? table[c] : undefined
    if (column === undefined && ranges[c].otherwise !== undefined) continue
    if (!Array.isArray(column) || column.length !== name.length)
      throw new Error(`Field "${field}" must have an array "${c}" of ${name.length} numbers, one per name.`)
  }
  for (let i = 0; i < name.length; i++) {
    const of: unknown = name[i]
    if (typeof of !== 'string') throw new Error(`Field "${field}" has ${shown(of)} for a name.`)
    const row = {} as Record<C, number>
    for (const c of wanted) {
      const { low, high, otherwise } = ranges[c]
      const v: unknown = table[c] === undefined ? otherwise : table[c][i]
      if (typeof v !== 'number' || !(v >= low && v <= high))
        throw new Error(
          `Field "${field}": "${c}" of "${of}" must be a number from ${low} to ${high}; it is ${shown(v)}.`,
        )
      row[c] = v
    }
    yield [of, row]
  }
}

const shown = (v: unknown) => (JSON.stringify(v) ?? 'missing').slice(0, 60)
