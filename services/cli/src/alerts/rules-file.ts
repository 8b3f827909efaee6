import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readYaml, type YamlFile } from '@mastery/infra/config/alert-yaml.ts'
import { declaredGraph } from '@mastery/infra/provision/gold/topic-graph.ts'
import { checkPolicy } from '@mastery/topology/alerts/check.ts'
import type { AlertPolicy } from '@mastery/topology/alerts/policy.ts'
import { type Host, type Io, UsageError } from '../command.ts'

/** A rules file that can't be used; every problem in it, with its line. */
export class RulesRefused extends Error {
  override name = 'RulesRefused'
  readonly file: string
  readonly problems: readonly string[]

  constructor(file: string, problems: readonly string[]) {
    super(`${file} can't be used:\n${problems.map((p) => `  ${p}`).join('\n')}`)
    this.file = file
    this.problems = problems
  }
}

/** @throws UsageError where it can't be read, RulesRefused where it is no YAML */
export function yamlIn(file: string, cwd: string): YamlFile {
  let text: string
  try {
    text = readFileSync(resolve(cwd, file), 'utf8')
  } catch (e) {
    throw new UsageError(`${file} can't be read: ${(e as Error).message}`)
  }
  const yaml = readYaml(text)
  if (yaml.problems.length > 0) throw new RulesRefused(file, yaml.problems)
  return yaml
}

/**
 * The policy that a file says, whole and checked, and what should be known of it.
 * @throws RulesRefused with everything that is wrong
 */
export function policyIn(
  file: string,
  io: Pick<Io, 'cwd'>,
  prerequisites: AlertPolicy['prerequisites'],
): { policy: AlertPolicy; notes: string[] } {
  const yaml = yamlIn(file, io.cwd)
  const { policy, problems, notes } = checkPolicy(yaml.value, prerequisites)
  if (problems.length > 0) throw new RulesRefused(file, yaml.places(problems))
  return { policy, notes: yaml.places(notes) }
}

/** What comes before each topic, as "npx mastery curriculum set" has it. */
export async function prerequisitesOf(host: Pick<Host, 'gold'>, tenant: string): Promise<Record<string, string[]>> {
  const { topics } = await declaredGraph(await host.gold(), tenant)
  return Object.fromEntries(topics.flatMap((t) => (t.prerequisites.length > 0 ? [[t.id, [...t.prerequisites]]] : [])))
}
