import { schemaVersions } from '@mastery/schemas/src/subjects.ts'
import { avroType } from './avro-type.ts'
import { compatibilityOf } from './registry.ts'

/** A reader and a writer version that do not fit, and why. */
export interface Misfit {
  reader: number
  writer: number
  why: string
}

/**
 * Pairs of versions, by their place in `texts` from 1, that break the rule. BACKWARD_TRANSITIVE: every version reads
 * all older ones, so that a log of any age can be replayed. FULL_TRANSITIVE: older versions read the newer ones too, so
 * that producers and consumers may be upgraded in any order.
 */
export function misfits(texts: readonly string[], rule: 'BACKWARD_TRANSITIVE' | 'FULL_TRANSITIVE'): Misfit[] {
  const types = texts.map(avroType)
  const found: Misfit[] = []
  types.forEach((reader, r) => {
    types.forEach((writer, w) => {
      if (r === w || (r < w && rule !== 'FULL_TRANSITIVE')) return
      try {
        reader.createResolver(writer)
      } catch (e) {
        found.push({ reader: r + 1, writer: w + 1, why: (e as Error).message })
      }
    })
  })
  return found
}

/** Misfits among the committed versions of a subject, by the rule that the registry is given for it. */
export function subjectMisfits(subject: string): Misfit[] {
  const texts = schemaVersions(subject).map((v) => v.text)
  return misfits(texts, compatibilityOf(subject) as 'BACKWARD_TRANSITIVE' | 'FULL_TRANSITIVE')
}
