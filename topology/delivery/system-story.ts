import type { DeliveryItem, Evidence } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { PIPELINE_MEASURES, type PipelineMeasure } from '../alerts/watch-rule.ts'
import { Facts } from './story.ts'

/** One item, model version or series of which something was found. */
export interface Found {
  name: string
  findings: string[]
  figures: { code: string; value: number }[]
}

/** What a notice about the system itself is about. */
export type SystemAbout =
  | { is: 'part'; part: string; measure: PipelineMeasure; value: number; line: number | null; services: string[] }
  | { is: 'source'; source: string; share: number; line: number | null; failed: number; events: number }
  | { is: 'series' | 'items' | 'model'; found: Found[]; total: number }
  /** It is over because its rule is gone, or the evidence is none that is known. */
  | { is: 'unsaid' }

export interface SystemStory {
  about: SystemAbout
  /** UTC milliseconds; null: not known. */
  since: number | null
  facts: Facts
}

const CALLED: Readonly<Record<string, 'series' | 'items' | 'model'>> = {
  series: 'series',
  item: 'items',
  model: 'model',
}

/** Findings and figures belong to the thing that stands before them. */
function foundIn(evidence: readonly Evidence[]): { is: 'series' | 'items' | 'model' | null; found: Found[] } {
  const found: Found[] = []
  let is: 'series' | 'items' | 'model' | null = null
  for (const { code, value, text } of evidence) {
    const called = CALLED[code]
    if (called !== undefined && text !== null) {
      is = called
      found.push({ name: text, findings: [], figures: [] })
    } else if (code === 'finding' && text !== null) found.at(-1)?.findings.push(text)
    else if (code === 'figure' && text !== null && value !== null) found.at(-1)?.figures.push({ code: text, value })
  }
  // In which direction something has drifted says that it has.
  for (const f of found)
    if (f.findings.some((x) => x === 'harder' || x === 'easier')) f.findings = f.findings.filter((x) => x !== 'drift')
  return { is, found }
}

/** What the evidence of an alert on a part, on data, on a model or on items says. */
export function systemStoryOf(item: Pick<DeliveryItem, 'evidence' | 'scope'>): SystemStory {
  const facts = new Facts(item.evidence)
  return { about: aboutOf(item, facts), since: facts.value('since'), facts }
}

function aboutOf({ evidence, scope }: Pick<DeliveryItem, 'evidence' | 'scope'>, facts: Facts): SystemAbout {
  const line = facts.value('line')
  const part = facts.text('part')
  const measure = PIPELINE_MEASURES.find((m) => facts.value(m) !== null)
  if (part !== null && measure !== undefined) {
    const services = evidence.flatMap((e) => (e.code === 'service' && e.text !== null ? [e.text] : []))
    return { is: 'part', part, measure, value: facts.value(measure)!, line, services }
  }
  const source = facts.text('source')
  const share = facts.value('rejected')
  if (source !== null && share !== null)
    return { is: 'source', source, share, line, failed: facts.value('failed') ?? 0, events: facts.value('events') ?? 0 }
  const { is, found } = foundIn(evidence)
  // That nothing is found any more says a look; without one the rule is gone.
  const looked = facts.value('looked_at') !== null
  const kind = is ?? (looked ? (scope === 'item' ? 'items' : scope === 'model' ? 'model' : 'series') : null)
  if (kind === null) return { is: 'unsaid' }
  return { is: kind, found, total: facts.value('found') ?? found.length }
}
