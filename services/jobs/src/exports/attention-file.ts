import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import type { FileEngine } from '@mastery/infra/adapters/clickhouse/file-engine.ts'
import { parquetFile } from '@mastery/infra/adapters/clickhouse/file-engine.ts'
import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { RowBuffer } from '@mastery/infra/adapters/clickhouse/row-buffer.ts'
import { addBinary, binaryEncoderOf } from '@mastery/infra/adapters/clickhouse/row-encoder.ts'
import { quote } from '@mastery/infra/provision/gold/ddl.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import { type AttentionOptions, attentionRows } from './attention.ts'
import { ATTENTION_COLUMNS } from './attention-table.ts'
import { AttentionThread } from './attention-thread.ts'
import { type ExportCut, plainType } from './table.ts'

interface Parts {
  gold: HistorySource
  artefacts: ArtefactStore
  files: FileEngine
}

/** Writes sakt_attention. Gives the version that was asked; null, and no file, where none has been trained. */
export async function writeAttention(
  { gold, artefacts, files }: Parts,
  cut: ExportCut,
  options: { sakt?: string; attention: AttentionOptions },
  path: string,
): Promise<string | null> {
  const thread = await AttentionThread.open(artefacts, options.sakt)
  if (thread === null) return null
  const rowsFile = `${path}.rows`
  try {
    writeFileSync(rowsFile, '', { mode: 0o600 })
    const encoders = ATTENTION_COLUMNS.map(([, type]) => binaryEncoderOf(type))
    for await (const rows of attentionRows(gold, thread, cut, options.attention)) {
      const buffer = new RowBuffer()
      for (const row of rows) addBinary(encoders, row, buffer)
      appendFileSync(rowsFile, buffer.take())
    }
    const structure = ATTENTION_COLUMNS.map(([name, type]) => `${name} ${plainType(type)}`).join(', ')
    const from = `file(${quote(rowsFile)}, RowBinary, ${quote(structure)})`
    await files.command(`INSERT INTO FUNCTION ${parquetFile(path)} SELECT * FROM ${from}`)
    return thread.version
  } finally {
    rmSync(rowsFile, { force: true })
    await thread.close()
  }
}
