import { assistmentsActions } from './assistments-actions.ts'
import { assistmentsGervet } from './assistments-gervet.ts'
import { csv } from './csv.ts'
import { datashop } from './datashop.ts'
import { edmCup2023 } from './edm-cup-2023.ts'
import { ednetKt4 } from './ednet-kt4.ts'
import { ImportError, type ImportFormat } from './importer.ts'
import { riiid } from './riiid.ts'

/** Every file format that can be imported. */
export const IMPORT_FORMATS: readonly ImportFormat[] = [
  csv,
  assistmentsGervet,
  assistmentsActions,
  ednetKt4,
  riiid,
  datashop,
  edmCup2023,
]

/** Throws ImportError, listing the known ids, where there is no such format. */
export function importFormat(id: string): ImportFormat {
  const format = IMPORT_FORMATS.find((known) => known.id === id)
  if (format === undefined) {
    const known = IMPORT_FORMATS.map(({ id }) => id).join(', ')
    throw new ImportError(`There is no import format '${id}'. Give one of ${known}.`)
  }
  return format
}
