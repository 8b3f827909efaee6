import { TopicRecord } from './topic-record.ts'

export const BASES = ['normal', 'pending', 'firing', 'recovering', 'resolved', 'no_data'] as const
/** Where an alert stands, apart from what people have done about it. */
export type Base = (typeof BASES)[number]

/** One rule for one student, on one topic or on none in particular. Times in UTC milliseconds, by ticks; 0: never. */
export interface Instance {
  /** Index into the meta's list of rules. */
  rule: number
  /** Index into the state's topics; -1: none in particular. */
  topic: number
  base: Base
  since: number
  /** Event time, seconds, of the first and the last answer that showed the condition; 0: none has. */
  firstShown: number
  lastShown: number
  /** Different sessions in which it was shown. */
  shown: number
  /** Value when it began: mastery; for inactive, the idle time. */
  entry: number
  /** How many times it has fired; part of the alert's name. */
  episode: number
  /** Notices of this episode. */
  sequence: number
  /** Of this episode so far the most; index into SEVERITIES. */
  severity: number
  /** Somebody is to be told that it fires. */
  owed: boolean
  /** Somebody was told that it fires. */
  told: boolean
  /** An answer that was observed in time has shown it. */
  fresh: boolean
  escalated: boolean
  /** It fired before nothing was known any more. */
  fired: boolean
  /** The last notice that it fires, in any episode, and how severe it was. */
  toldAt: number
  toldSeverity: number
  /** Acknowledged until then, at this severity. */
  ackUntil: number
  ackSeverity: number
}

export interface Silence {
  /** Rule id; null: all. */
  rule: string | null
  /** Topic; null: all. */
  topic: string | null
  until: number
}

/** What the alerting stage knows of one student. */
export class AlertState {
  tenant = ''
  /** Which activation of the tenant's policy it was last judged by; 0: none. */
  policy = 0
  /** When time alone may change something next; Infinity: never. */
  due = Number.POSITIVE_INFINITY
  /** Event time of the newest answer, UTC milliseconds; 0: none yet. */
  lastAnswer = 0
  topics: TopicRecord[] = []
  instances: Instance[] = []
  silences: Silence[] = []
  /** Hashes of the commands that were carried out, the newest last. */
  commands: number[] = []

  topic(name: string): number {
    for (let i = 0; i < this.topics.length; i++) if (this.topics[i]!.name === name) return i
    return this.topics.push(new TopicRecord(name)) - 1
  }

  find(name: string): number {
    for (let i = 0; i < this.topics.length; i++) if (this.topics[i]!.name === name) return i
    return -1
  }

  instance(rule: number, topic: number): Instance | undefined {
    for (const i of this.instances) if (i.rule === rule && i.topic === topic) return i
    return undefined
  }
}

export function newInstance(rule: number, topic: number): Instance {
  return {
    rule,
    topic,
    base: 'normal',
    since: 0,
    firstShown: 0,
    lastShown: 0,
    shown: 0,
    entry: 0,
    episode: 0,
    sequence: 0,
    severity: 0,
    owed: false,
    told: false,
    fresh: false,
    escalated: false,
    fired: false,
    toldAt: 0,
    toldSeverity: 0,
    ackUntil: 0,
    ackSeverity: 0,
  }
}
