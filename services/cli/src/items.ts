import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { table } from './tables.ts'

/** A row of v_item_health; times as text. */
export interface HealthRow {
  item: string
  status: string
  flags: string[]
  reasons: string[]
  score_source: string
  model_version: string
  answers: number
  students: number
  exposure: number
  first_at: string
  last_at: string
  p_value: number
  p_value_first: number | null
  mean_residual: number
  difficulty: number | null
  difficulty_se: number | null
  discrimination: number | null
  guessing: number | null
  difficulty_observed: number
  difficulty_observed_se: number
  point_biserial: number | null
  upper_lower: number
  infit: number
  infit_z: number
  outfit: number
  outfit_z: number
  median_ms: number | null
  rapid_ms: number | null
  rapid_rule: string
  rapid_mixture_why: string
  rapid_rate: number | null
  rapid_right: number | null
  options: string[]
  option_answers: number[]
  option_keys: boolean[]
  option_point_biserials: (number | null)[]
}

export interface DriftWindow {
  item: string
  period: string
  starts_at: string
  status: string
  answers: number
  p_value: number
  mean_residual: number
  difficulty: number
  difficulty_se: number
  difficulty_shift: number | null
  difficulty_shift_se: number | null
  robust_z: number | null
}

export interface ParameterRow {
  model: string
  version: string
  in_force: boolean
  difficulty: number
  difficulty_se: number | null
  discrimination: number
  discrimination_se: number | null
  guessing: number
  answers: number | null
}

export interface ItemParts {
  health: HealthRow
  parameters: ParameterRow[]
  drift: DriftWindow[]
}

/** Flagged items first, then by number of answers. */
export function healthRows(
  gold: GoldStore,
  { tenant, limit, flag, status }: { tenant: string; limit: number; flag?: string; status?: string },
): Promise<HealthRow[]> {
  const where = [
    'tenant = {tenant:String}',
    ...(flag === undefined ? [] : ['has(flags, {flag:String})']),
    ...(status === undefined ? [] : ['status = {status:String}']),
  ]
  return gold.query<HealthRow>(
    `SELECT * FROM v_item_health WHERE ${where.join(' AND ')}
     ORDER BY status = 'flagged' DESC, answers DESC, item LIMIT {limit:UInt32}`,
    { tenant, limit, flag: flag ?? '', status: status ?? '' },
  )
}

/** Of one item every window in order of time; of all the compared ones, the greatest shifts first. */
export function driftRows(
  gold: GoldStore,
  { tenant, limit, period, item }: { tenant: string; limit: number; period?: string; item?: string },
): Promise<DriftWindow[]> {
  const where = [
    'tenant = {tenant:String}',
    ...(period === undefined ? [] : ['period = {period:String}']),
    item === undefined ? "status = 'compared'" : 'item = {item:String}',
  ]
  const order = item === undefined ? 'abs(difficulty_shift / difficulty_shift_se) DESC, item' : 'period, starts_at'
  return gold.query<DriftWindow>(
    `SELECT item, period, toString(toDate(starts_at)) AS starts_at, status, answers, p_value, mean_residual, difficulty,
       difficulty_se, difficulty_shift, difficulty_shift_se, robust_z FROM v_item_drift
     WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT {limit:UInt32}`,
    { tenant, limit, period: period ?? '', item: item ?? '' },
  )
}

/** Null where the item is not known. */
export async function itemParts(gold: GoldStore, tenant: string, item: string): Promise<ItemParts | null> {
  const [health] = await gold.query<HealthRow>(
    'SELECT * FROM v_item_health WHERE tenant = {tenant:String} AND item = {item:String}',
    { tenant, item },
  )
  if (!health) return null
  const parameters = await gold.query<ParameterRow>(
    `SELECT model, version, in_force, difficulty, difficulty_se, discrimination, discrimination_se, guessing, answers
     FROM v_item_params WHERE item = {item:String} ORDER BY in_force DESC, model, version`,
    { item },
  )
  return { health, parameters, drift: await driftRows(gold, { tenant, item, limit: 200 }) }
}

const fixed = (x: number | null, digits = 2) => (x === null ? '-' : x.toFixed(digits))
const percent = (x: number | null) => (x === null ? '-' : `${(100 * x).toFixed(0)} %`)
const seconds = (ms: number | null) => (ms === null ? '-' : `${(ms / 1000).toFixed(1)} s`)

export function healthTable(rows: readonly HealthRow[]): string {
  return table(
    [
      'item',
      'status',
      'answers',
      'students',
      'right',
      'difficulty',
      'point-biserial',
      'infit',
      'outfit',
      'median',
      'rapid',
      'flags',
    ],
    rows.map((r) => [
      r.item,
      r.status,
      r.answers.toLocaleString('en'),
      r.students.toLocaleString('en'),
      percent(r.p_value),
      fixed(r.difficulty_observed),
      fixed(r.point_biserial),
      fixed(r.infit),
      fixed(r.outfit),
      seconds(r.median_ms),
      percent(r.rapid_rate),
      r.flags.join(', '),
    ]),
  )
}

export function driftTable(rows: readonly DriftWindow[]): string {
  return table(
    ['item', 'period', 'from', 'answers', 'right', 'residual', 'difficulty', 'shift', 'error', 'robust z'],
    rows.map((r) => [
      r.item,
      r.period,
      r.starts_at,
      r.answers.toLocaleString('en'),
      percent(r.p_value),
      fixed(r.mean_residual),
      fixed(r.difficulty),
      fixed(r.difficulty_shift),
      fixed(r.difficulty_shift_se),
      fixed(r.robust_z),
    ]),
  )
}

export function itemInWords({ health: h, parameters, drift }: ItemParts): string {
  const verdict =
    h.status === 'insufficient'
      ? `insufficient: ${h.answers} answers; conclusions need 30`
      : h.flags.length === 0
        ? 'healthy'
        : ''
  const rapid =
    h.rapid_ms === null
      ? 'too few times for a threshold'
      : `below ${seconds(h.rapid_ms)} (${h.rapid_rule}${h.rapid_mixture_why === '' ? '' : `; no mixture: ${h.rapid_mixture_why}`}): ${percent(h.rapid_rate)} of answers, ${percent(h.rapid_right)} of them right`
  const facts: [string, string][] = [
    [
      'answers',
      `${h.answers.toLocaleString('en')} of ${h.students.toLocaleString('en')} students (${percent(h.exposure)} of all), ${h.first_at.slice(0, 10)} to ${h.last_at.slice(0, 10)}`,
    ],
    [
      'right',
      `${percent(h.p_value)}; first tries ${percent(h.p_value_first)}; against what ${h.score_source} expected ${h.mean_residual >= 0 ? '+' : ''}${fixed(h.mean_residual, 3)}`,
    ],
    [
      'difficulty',
      `${fixed(h.difficulty_observed)} logits by these answers, standard error ${fixed(h.difficulty_observed_se)}${h.difficulty === null ? '' : `; fitted ${fixed(h.difficulty)} (${h.model_version})`}`,
    ],
    [
      'discrimination',
      `point-biserial ${fixed(h.point_biserial)}, upper less lower 27 % ${fixed(h.upper_lower)}${h.discrimination === null ? '' : `; fitted ${fixed(h.discrimination)}, guessing ${fixed(h.guessing)}`}`,
    ],
    [
      'fit',
      `infit ${fixed(h.infit)} (z ${fixed(h.infit_z, 1)}), outfit ${fixed(h.outfit)} (z ${fixed(h.outfit_z, 1)})`,
    ],
    ['time', `median ${seconds(h.median_ms)}`],
    ['rapid guesses', rapid],
  ]
  const options =
    h.options.length === 0
      ? 'No source says which option was chosen.\n'
      : table(
          ['option', 'chosen', 'share', 'key', 'point-biserial'],
          h.options.map((o, i) => [
            o,
            h.option_answers[i]!.toLocaleString('en'),
            percent(h.option_answers[i]! / h.option_answers.reduce((a, b) => a + b, 0)),
            h.option_keys[i] ? 'yes' : '',
            fixed(h.option_point_biserials[i] ?? null),
          ]),
        )
  const versions =
    parameters.length === 0
      ? ''
      : `\n${table(
          ['model', 'version', 'in force', 'difficulty', 'error', 'discrimination', 'error', 'guessing', 'answers'],
          parameters.map((p) => [
            p.model,
            p.version,
            p.in_force ? 'yes' : '',
            fixed(p.difficulty),
            fixed(p.difficulty_se),
            fixed(p.discrimination),
            fixed(p.discrimination_se),
            fixed(p.guessing),
            p.answers?.toLocaleString('en') ?? '-',
          ]),
        )}`
  const lines = [verdict, ...h.reasons.map((why, i) => `${h.flags[i]}: ${why}`)].filter((l) => l !== '')
  return `${h.item}\n${lines.map((l) => `  ${l}\n`).join('')}\n${facts.map(([k, v]) => `  ${k.padEnd(16)}${v}\n`).join('')}\n${options}${versions}${drift.length === 0 ? '' : `\n${driftTable(drift)}`}`
}
