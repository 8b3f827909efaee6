import type { Columns } from './columns.ts'
import { ImportError } from './importer.ts'

/**
 * Reads a transaction's knowledge components under one KC model; a model has as many columns of one name as a step can
 * have components. Without a model named: Default, or else the first with a value in the first row read, and that one
 * throughout. Throws ImportError where the named model is not in the header.
 */
export function knowledgeComponents(columns: Columns, model: string | undefined): (fields: string[]) => string[] {
  const models = [...new Set(columns.names.filter((name) => /^KC ?\(.*\)$/.test(name)))]
  let chosen = models.find((name) => model !== undefined && (name === model || modelName(name) === model))
  if (model !== undefined && chosen === undefined) {
    const known = models.slice(0, 20).map(modelName).join(', ') || 'none'
    throw new ImportError(`The file has no KC model '${model}'. Give option kc as one of: ${known}.`)
  }
  chosen ??= models.find((name) => modelName(name) === 'Default')
  let indices = chosen === undefined ? null : columns.all(chosen)
  return (fields) => {
    if (indices === null) {
      const first = models.find((name) => columns.all(name).some((i) => fields[i] !== ''))
      if (first === undefined) return []
      indices = columns.all(first)
    }
    return [...new Set(indices.map((i) => fields[i]!.trim()).filter((topic) => topic !== ''))]
  }
}

function modelName(column: string): string {
  return column.slice(column.indexOf('(') + 1, -1)
}
