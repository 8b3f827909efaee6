import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createGunzip } from 'node:zlib'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import type { LoaderFormat } from '@mastery/topology/evaluation/loaders/answer-file.ts'
import { IMPORT_FORMATS, importFormat } from '@mastery/topology/importers/formats.ts'
import type { ImportOutcome } from '@mastery/topology/importers/importer.ts'
import { TextImport } from '@mastery/topology/importers/text-import.ts'
import { type TopicName, topicAt } from '@mastery/topology/topics.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { Ingest } from '../ingest.ts'
import { modelMetrics } from '../metrics.ts'
import { Progress } from '../progress.ts'
import { modelTable } from '../tables.ts'

const companionNames = [...new Set(IMPORT_FORMATS.flatMap((f) => f.companions.map((c) => c.name)))]

const help = `npx mastery import --format FORMAT --file FILE [--file FILE ...] [options]

Reads learner events from files, sends them through the whole path and waits until gold has them.

Formats
${IMPORT_FORMATS.map((f) => `  ${f.id.padEnd(22)}${f.summary}`).join('\n')}

  --file FILE          a file (.gz too), or a folder: every data file in it. May be given several times.
${companionNames.map((n) => `${`  --${n} FILE `.padEnd(23)}companion file; found by itself where it lies beside the data.`).join('\n')}
  --option KEY=VALUE   an option of the format, e.g. map, kc, clock. May be given several times.
  --map MAP            short for --option map=MAP (csv): student=user,item=problem,...
  --tenant ID          whose students they are; default: the first tenant
  --profile NAME       embedded (default) or local
  --data DIR           data folder
  --json               one JSON document on standard output`

interface Totals {
  read: number
  skipped: Record<string, number>
}

/** Files of a folder that the format may hold; companions are left out. */
export function expand(paths: readonly string[], format: Pick<LoaderFormat, 'companions'>, cwd: string): string[] {
  return paths.flatMap((p) => {
    const path = resolve(cwd, p)
    if (!existsSync(path)) throw new UsageError(`There is no file ${path}.`)
    if (!statSync(path).isDirectory()) return [path]
    const known = new Set(['coupons', 'payments', 'lectures', 'questions', ...format.companions.map((c) => c.name)])
    return readdirSync(path)
      .filter(
        (f) =>
          /\.(csv|tsv|txt|json|ndjson|gz)$/.test(f) &&
          f !== 'SOURCE.txt' &&
          !f.startsWith('README') &&
          !known.has(f.split('.')[0]!),
      )
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .map((f) => join(path, f))
  })
}

/** Paths of the companion files, named or found beside the data. */
export function companionPaths(
  format: string,
  wanted: LoaderFormat['companions'],
  given: Record<string, unknown>,
  files: string[],
  cwd: string,
): Record<string, string> {
  const out: Record<string, string> = {}
  for (const c of wanted) {
    const named = given[c.name] as string | undefined
    const beside = join(dirname(files[0]!), `${c.name}.csv`)
    const path = named ? resolve(cwd, named) : existsSync(beside) ? beside : null
    if (path !== null) out[c.name] = path
    else if (c.required) throw new UsageError(`Format ${format} needs --${c.name} FILE: ${c.summary}`)
  }
  return out
}

/** Text of the companion files, named or found beside the data. */
export function companions(
  format: Pick<LoaderFormat, 'id' | 'companions'>,
  given: Record<string, unknown>,
  files: string[],
  cwd: string,
): Record<string, string> {
  const paths = companionPaths(format.id, format.companions, given, files, cwd)
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, readFileSync(path, 'utf8')]))
}

async function run(host: Host, args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      format: { type: 'string' },
      file: { type: 'string', multiple: true },
      option: { type: 'string', multiple: true },
      map: { type: 'string' },
      tenant: { type: 'string' },
      json: { type: 'boolean' },
      ...Object.fromEntries(companionNames.map((n) => [n, { type: 'string' as const }])),
    },
  })
  if (!values.format) throw new UsageError(`--format is missing; one of ${IMPORT_FORMATS.map((f) => f.id).join(', ')}.`)
  if (!values.file) throw new UsageError('--file is missing.')
  const format = importFormat(values.format)
  const files = expand(values.file, format, io.cwd)
  if (files.length === 0) throw new UsageError(`No data files in ${values.file.join(', ')}.`)
  const options: Record<string, string> = {}
  for (const o of values.option ?? []) {
    const at = o.indexOf('=')
    if (at < 1) throw new UsageError(`--option takes KEY=VALUE, not "${o}".`)
    options[o.slice(0, at)] = o.slice(at + 1)
  }
  if (values.map) options['map'] = values.map
  const aside = companions(format, values as Record<string, unknown>, files, io.cwd)
  const tenant = host.tenant(values.tenant)
  const { installation } = host
  const check = await host.stages()
  const gold = await host.gold()

  const scored = topicAt('learning.features', installation.generations.active.id)
  const starts = { events: await ends(host, 'learning.events'), features: await ends(host, scored) }
  const started = performance.now()
  const progress = new Progress(false, io.err)
  const ingest = new Ingest(installation, 'import')
  const totals: Totals = { read: 0, skipped: {} }
  const pseudonym = pseudonymiser(tenant)
  const bytes = files.reduce((n, f) => n + statSync(f).size, 0)
  let done = 0

  for (const path of files) {
    const name = basename(path)
    const take = (o: ImportOutcome) => {
      totals.read++
      if (o.type === 'event') ingest.event(o.event)
      else if (o.type === 'skip') totals.skipped[o.reason] = (totals.skipped[o.reason] ?? 0) + 1
      else
        ingest.reject(tenant.id, {
          code: o.code,
          message: o.message,
          origin: `file:${format.namedByStudent ? format.id : name}`,
          row: { format: format.id, file: name, line: o.line, options, header: reader.header, row: o.raw },
          student: o.student,
        })
    }
    const reader = new TextImport(format, {
      fileName: name.replace(/\.gz$/, ''),
      companions: aside,
      options,
      context: { tenant: tenant.id, pseudonym },
    })
    const raw = createReadStream(path, { highWaterMark: 256 * 1024 })
    raw.on('data', (chunk) => {
      done += chunk.length
    })
    const text = path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
    const decoder = new TextDecoder('utf-8')
    for await (const chunk of text) {
      for (const o of reader.push(decoder.decode(chunk as Buffer, { stream: true }))) take(o)
      progress.show(
        'reading ',
        Math.round(done / 1024),
        Math.max(1, Math.round(bytes / 1024)),
        ` KiB, ${ingest.events.toLocaleString('en')} events`,
      )
      if (ingest.full) await ingest.flush()
      check()
    }
    for (const o of reader.end()) take(o)
  }
  if (ingest.newest > 0) ingest.tick(ingest.newest)
  await ingest.finish()

  let most = 0
  await drain(
    installation.log,
    installation.state,
    installation.generations.active.id,
    (behind) => {
      const left = Math.max(...behind.values())
      most = Math.max(most, left)
      progress.show('scoring ', most - left, Math.max(1, most))
    },
    check,
    (words) => io.err.write(`\n${words}\n`),
  )
  progress.end()
  const seconds = (performance.now() - started) / 1000
  const none = { duplicates: 0, conflicts: 0, old: 0, erased: 0 }
  const [{ duplicates, conflicts, old, erased } = none] = await gold.query<{
    duplicates: number
    conflicts: number
    old: number
    erased: number
  }>(
    `SELECT countIf(disposition = 'duplicate') AS duplicates, countIf(disposition = 'conflict') AS conflicts, countIf(disposition = 'too_old') AS old,
      countIf(disposition = 'erased' AND event_id = '') AS erased
     FROM event_dispositions FINAL WHERE src_offset >= arrayElement({from:Array(UInt64)}, src_partition + 1)
       AND generation = {active:UInt16}`,
    { from: starts.events, active: installation.generations.active.id },
  )
  const models = await modelMetrics(gold, tenant.id, starts.features)
  const summary = {
    read: totals.read,
    events: ingest.events,
    rejects: ingest.rejects,
    duplicates,
    conflicts,
    too_old: old,
    erased,
    skipped: totals.skipped,
    seconds,
    models,
  }
  if (values.json) io.out(`${JSON.stringify(summary)}\n`)
  else {
    io.out(
      `Read ${summary.read.toLocaleString('en')} records from ${files.length} ${files.length === 1 ? 'file' : 'files'}: ${summary.events.toLocaleString('en')} events, ${summary.rejects} rejects, ${duplicates} duplicates, in ${seconds.toFixed(1)} s.\n`,
    )
    if (ingest.rejects > 0) io.out('"npx mastery rejects list" says why each was refused.\n')
    if (erased > 0) io.out(`${erased} events are of erased students, and were dropped.\n`)
    if (old > 0) io.out(`${old} events are older than the student's ring and wait for a rebuild of those students.\n`)
    io.out(modelTable(models))
  }
  return 0
}

async function ends(host: Host, topic: TopicName): Promise<number[]> {
  const n = await host.installation.log.partitions(topic)
  return Promise.all(Array.from({ length: n }, async (_, p) => (await host.installation.log.bounds(topic, p)).end))
}

export const importCommand: Command = {
  name: 'import',
  summary: 'read learner events from files of many formats',
  help,
  run,
}
