/**
 * Every stage and every service once, in the order of the flow. What a stage reads and writes stands in topics.ts, by the
 * name that it has here.
 */
export const SERVICES = [
  'features',
  'scoring',
  'alerts',
  'notify',
  'drift',
  'gold',
  'collector',
  'api',
  'jobs',
] as const

/** A process, and the folder under services/ that starts it. */
export type ServiceName = (typeof SERVICES)[number]

export interface StageSpec {
  /** Of its group, its state, its dead letters, and in topics.ts. */
  name: string
  /** The process that runs it. */
  service: ServiceName
  /** Each generation has one of its own; false: it reads what is computed for none. */
  generations: boolean
  /**
   * Whether what was sent is done only once the stage has passed it. `where it runs`: nothing that students or teachers
   * read waits for it, so that it may be left out of an installation. `never`: it has to do with the outside.
   */
  awaited: 'always' | 'where it runs' | 'never'
}

export const STAGES = [
  { name: 'intake', service: 'collector', generations: false, awaited: 'never' },
  { name: 'features', service: 'features', generations: true, awaited: 'always' },
  { name: 'scoring', service: 'scoring', generations: true, awaited: 'always' },
  { name: 'alerts', service: 'alerts', generations: true, awaited: 'always' },
  { name: 'classes', service: 'alerts', generations: true, awaited: 'always' },
  { name: 'watching', service: 'alerts', generations: true, awaited: 'where it runs' },
  { name: 'notify', service: 'notify', generations: true, awaited: 'always' },
  { name: 'delivery', service: 'notify', generations: true, awaited: 'never' },
  { name: 'drift-features', service: 'drift', generations: true, awaited: 'where it runs' },
  { name: 'drift-scores', service: 'drift', generations: true, awaited: 'where it runs' },
  { name: 'drift', service: 'drift', generations: true, awaited: 'where it runs' },
  { name: 'gold', service: 'gold', generations: true, awaited: 'always' },
] as const satisfies readonly StageSpec[]

export type StageName = (typeof STAGES)[number]['name']

/** Services without which an import is never done. */
export const AWAITED_SERVICES: readonly ServiceName[] = SERVICES.filter((service) =>
  STAGES.some((s) => s.service === service && s.awaited === 'always'),
)

export function stageSpec(name: string): StageSpec {
  const spec = STAGES.find((s) => s.name === name)
  if (!spec) throw new Error(`No stage is called ${name}; flow.ts lists them.`)
  return spec
}
