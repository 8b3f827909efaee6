import type { Path, Problem } from '@mastery/topology/alerts/read-fields.ts'
import { isCollection, LineCounter, parseDocument } from 'yaml'

/** A YAML file as read. */
export interface YamlFile {
  value: unknown
  /** What is wrong with it as YAML; then `value` means nothing. */
  problems: string[]
  /** Problems as a person finds them, in the order of the lines: line, place, what would be right. */
  places(problems: readonly Problem[]): string[]
}

/** The path as people write it: rules[2].evidence.time. */
function named(path: Path): string {
  return path.reduce<string>((text, p) => (typeof p === 'number' ? `${text}[${p}]` : text ? `${text}.${p}` : p), '')
}

/**
 * Reads YAML 1.2 with the lines on which things stand. Anchors are followed a little way only, so that no file grows
 * beyond what it says.
 */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number) => lines.linePos(offset).line
  const problems = doc.errors.map((e) => `line ${lineAt(e.pos[0])}: ${e.message}`)
  let value: unknown = null
  if (problems.length === 0)
    try {
      value = doc.toJS({ maxAliasCount: 100 })
    } catch (e) {
      problems.push((e as Error).message)
    }

  /** Line of what the path names, or of the nearest thing around it that is there. */
  function lineOf(path: Path): number {
    for (let n = path.length; n > 0; n--) {
      const parent = doc.getIn(path.slice(0, n - 1), true)
      if (!isCollection(parent)) continue
      for (const item of parent.items) {
        const pair = item as { key?: { value?: unknown; range?: [number, number, number] } }
        if (pair.key?.range && pair.key.value === path[n - 1]) return lineAt(pair.key.range[0])
      }
      const at = parent.get(path[n - 1], true) as { range?: [number, number, number] } | undefined
      if (at?.range) return lineAt(at.range[0])
    }
    return 1
  }

  return {
    value,
    problems,
    places: (found) =>
      found
        .map((p) => ({ line: lineOf(p.path), ...p }))
        .sort((a, b) => a.line - b.line)
        .map(({ line, path, message }) => `line ${line}: ${path.length > 0 ? named(path) : 'the file'} ${message}`),
  }
}
