import { join } from 'node:path'
import { type FileEngine, parquetFile } from '@mastery/infra/adapters/clickhouse/file-engine.ts'
import { coverageSql, JOINS, type Join } from './joins.ts'
import { checkFiles, ExportError, type ExportManifest, readManifest } from './manifest.ts'
import { type JoinedRow, sampleSql } from './sample.ts'
import { BOUNDED } from './table.ts'

export interface JoinCoverage {
  left: string
  right: string
  on: string
  /** Rows of the left table; those of them that the right one has. */
  rows: number
  matched: number
  /** matched / rows. */
  coverage: number
  /** Different keys, and those that the right table has. */
  keys: number
  keys_matched: number
  /** Keys that are not found, those with the most rows first. */
  examples: string[][]
}

export interface JoinValidation {
  least: number
  passed: boolean
  joins: JoinCoverage[]
  /** Joins that could not be made, and why. */
  skipped: { left: string; right: string; on: string; why: string }[]
  sample: JoinedRow[]
}

export interface ValidateOptions {
  /** Coverage below this fails. */
  least: number
  /** Students in the sample. */
  students: number
  seed: number
}

/**
 * Joins the tables of an export with each other, and samples students with their joined rows.
 * @throws ExportError where the folder holds no export, a file is not what was exported, or nothing can be joined
 */
export async function validateJoins(
  engine: FileEngine,
  dir: string,
  { least, students, seed }: ValidateOptions,
): Promise<JoinValidation> {
  const manifest = readManifest(dir)
  await checkFiles(dir, manifest)
  const from = (name: string) => parquetFile(join(dir, manifest.files.find((f) => f.name === name)!.file))
  const joins: JoinCoverage[] = []
  const skipped: JoinValidation['skipped'] = []
  for (const j of JOINS) {
    const { left, right, on } = j
    const why = (await unable(j, manifest, engine, from)) ?? null
    if (why !== null) {
      skipped.push({ left, right, on, why })
      continue
    }
    const [found] = await engine.query<Omit<JoinCoverage, 'left' | 'right' | 'on' | 'coverage'>>(
      `${coverageSql(j, from)} SETTINGS ${BOUNDED}`,
    )
    const [rows, matched] = [Number(found!.rows), Number(found!.matched)]
    joins.push({ left, right, on, ...found!, rows, matched, coverage: matched / rows })
  }
  if (joins.length === 0)
    throw new ExportError(
      `Nothing in ${dir} can be joined: ${skipped
        .map((s) => s.why)
        .filter((w, i, all) => all.indexOf(w) === i)
        .join('; ')}. Export again with --tables all.`,
    )
  const has = (name: string) => manifest.files.some((f) => f.name === name)
  const sample =
    has('student_state') && has('next_correct_predictions')
      ? await engine.query<JoinedRow>(sampleSql({ has, from, students, seed }))
      : []
  return { least, passed: joins.every((j) => j.coverage >= least), joins, skipped, sample }
}

/** Why a join can't be made; null or undefined where it can. */
async function unable(
  j: Join,
  manifest: ExportManifest,
  engine: FileEngine,
  from: (name: string) => string,
): Promise<string | null> {
  for (const name of [j.left, j.right])
    if (!manifest.files.some((f) => f.name === name))
      return manifest.left_out.find((l) => l.name === name)?.why ?? `${name} was not exported`
  if (j.looksBack && manifest.from !== null) return 'past answers may lie before --from'
  const count = async (name: string, where: string | undefined) => {
    const sql = `SELECT count() AS n FROM ${from(name)}${where === undefined ? '' : ` WHERE ${where}`}`
    return Number((await engine.query<{ n: number }>(sql))[0]!.n)
  }
  if ((await count(j.left, j.where)) === 0)
    return `${j.left} has no rows${j.where === undefined ? '' : ` with ${j.on}`}`
  if (j.mayBeEmpty !== undefined && (await count(j.right, j.rightWhere)) === 0) return j.mayBeEmpty
  return null
}
