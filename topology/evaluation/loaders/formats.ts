import { assistmentsActions } from '../../importers/assistments-actions.ts'
import { csv } from '../../importers/csv.ts'
import { datashop } from '../../importers/datashop.ts'
import { edmCup2023 } from '../../importers/edm-cup-2023.ts'
import { ednetKt4 } from '../../importers/ednet-kt4.ts'
import { ImportError } from '../../importers/importer.ts'
import { riiid } from '../../importers/riiid.ts'
import type { LoaderFormat } from './answer-file.ts'
import { edmCupLogs } from './edm-cup-logs.ts'
import { gervet } from './gervet.ts'
import { loaderOf } from './imported.ts'

/** Every format in which answers can be given to a fit or an evaluation. */
export const LOADER_FORMATS: readonly LoaderFormat[] = [
  gervet,
  loaderOf(assistmentsActions, { id: 'assistments-actions', timeless: () => true }),
  loaderOf(riiid, { id: 'riiid' }),
  loaderOf(ednetKt4, { id: 'ednet' }),
  loaderOf(edmCup2023, { id: 'edm-cup' }),
  edmCupLogs,
  // A step counts once, as in DataShop's own learning curves.
  loaderOf(datashop, { id: 'datashop', options: { attempts: 'first' } }),
  loaderOf(csv, { id: 'csv', timeless: (options) => options['clock'] === 'synthetic' }),
]

/** Names that the importers use for the same files. */
const ALIASES: Readonly<Record<string, string>> = {
  'assistments-gervet': 'gervet',
  'ednet-kt4': 'ednet',
  'edm-cup-2023': 'edm-cup',
}

/** Throws ImportError, listing the known ids, where there is no such format. */
export function loaderFormat(id: string): LoaderFormat {
  const format = LOADER_FORMATS.find((known) => known.id === (ALIASES[id] ?? id))
  if (format) return format
  const known = LOADER_FORMATS.map((f) => f.id).join(', ')
  throw new ImportError(`There is no format "${id}" of answers. Give one of ${known}.`)
}
