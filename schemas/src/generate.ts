/**
 * Writes the TypeScript types of every Avro schema to src/generated/, with the schema's own documentation.
 * `--check` writes nothing and exits 1 if a committed file differs from what the schemas say.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Avro = string | Avro[] | AvroObject
interface AvroObject {
  type: Avro
  name?: string
  doc?: string
  logicalType?: string
  symbols?: string[]
  items?: Avro
  values?: Avro
  fields?: { name: string; type: Avro; doc?: string; default?: unknown }[]
}

const PRIMITIVES: Record<string, string> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'string',
  bytes: 'Buffer',
}

const root = join(import.meta.dirname, '..')

function latestVersion(subject: string): number {
  const versions = readdirSync(join(root, 'avro', subject)).flatMap((f) => {
    const m = /^v(\d+)\.avsc$/.exec(f)
    return m ? [Number(m[1])] : []
  })
  return Math.max(...versions)
}

function subjectNames(): string[] {
  return readdirSync(join(root, 'avro')).sort()
}

export function renderTypes(schema: AvroObject, source: string): string {
  const declarations: string[] = []
  const comment = (doc: string | undefined, indent: string) => (doc ? `${indent}/** ${doc} */\n` : '')

  function typeOf(t: Avro): string {
    if (typeof t === 'string') return PRIMITIVES[t] ?? t.split('.').pop()!
    if (Array.isArray(t)) return t.map(typeOf).join(' | ')
    if (t.type === 'record') return declareRecord(t)
    if (t.type === 'enum') {
      const body = t.symbols!.map((s) => `'${s}'`).join(' | ')
      declarations.push(`${comment(t.doc, '')}export type ${t.name} = ${body}\n`)
      return t.name!
    }
    if (t.type === 'array') {
      const inner = typeOf(t.items!)
      return inner.includes('|') ? `(${inner})[]` : `${inner}[]`
    }
    if (t.type === 'map') return `{ [key: string]: ${typeOf(t.values!)} }`
    return typeOf(t.type)
  }

  function declareRecord(t: AvroObject): string {
    const lines = t.fields!.map((f) => `${comment(f.doc, '  ')}  ${f.name}: ${typeOf(f.type)}\n`).join('')
    declarations.push(`${comment(t.doc, '')}export interface ${t.name} {\n${lines}}\n`)
    return t.name!
  }

  declareRecord(schema)
  return `// Generated from ${source} by \`npm run generate\`. Do not edit.\n\n${declarations.join('\n')}`
}

function main(): void {
  const check = process.argv.includes('--check')
  const stale: string[] = []
  for (const subject of subjectNames()) {
    const source = `avro/${subject}/v${latestVersion(subject)}.avsc`
    const target = `src/generated/${subject}.gen.ts`
    const text = renderTypes(JSON.parse(readFileSync(join(root, source), 'utf8')) as AvroObject, source)
    let current = ''
    try {
      current = readFileSync(join(root, target), 'utf8')
    } catch {
      // A missing file is a stale one.
    }
    if (current === text) continue
    if (check) stale.push(target)
    else writeFileSync(join(root, target), text)
  }
  if (stale.length > 0) {
    console.error(`Stale generated types: ${stale.join(', ')}. Run "npm run generate" and commit the result.`)
    process.exit(1)
  }
}

if (import.meta.main) main()
