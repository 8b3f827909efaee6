import { many } from './figures.ts'
import { FIGURES_ENGLISH, FINDINGS_ENGLISH } from './finding-words-en.ts'
import { figure, figureIn, findingIn, moment, share, took } from './system-figures.ts'
import type { SystemPhrases } from './system-phrases.ts'

const LOCALE = 'en-GB'
const n = (x: number) => figure(x, LOCALE)
const ms = (x: number) => took(x, LOCALE)
const part = (x: number) => share(x, LOCALE)

export const SYSTEM_ENGLISH: SystemPhrases = {
  part: {
    lag: { begins: (p) => `${p} lags behind.`, ends: (p) => `${p} has caught up.` },
    silence: { begins: (p) => `Nothing is heard of ${p} any more.`, ends: (p) => `${p} is heard of again.` },
    stopped: { begins: (p) => `Partitions of ${p} stand still.`, ends: (p) => `All partitions of ${p} go on.` },
    dead_letters: { begins: (p) => `${p} sets records aside.`, ends: (p) => `${p} takes records as it should again.` },
    errors: { begins: (p) => `Too much fails in ${p}.`, ends: (p) => `${p} does what it should again.` },
    retries: { begins: (p) => `${p} has to try again and again.`, ends: (p) => `${p} gets through at once again.` },
    latency_p99: { begins: (p) => `${p} is slow.`, ends: (p) => `${p} is fast enough again.` },
    age_p99: { begins: (p) => `What ${p} takes is old by then.`, ends: (p) => `${p} takes what comes in time again.` },
  },
  measured({ measure, value, line }) {
    const than = (text: string) => (line === null ? '' : `; the line that was set is ${text}`)
    switch (measure) {
      case 'lag':
        return `${n(value)} records are in the log that it has not taken yet${than(n(line ?? 0))}.`
      case 'silence':
        return `It was silent for ${ms(value * 1000)}${than(ms((line ?? 0) * 1000))}.`
      case 'stopped':
        return `${value === 0 ? 'No partition stands' : many(value, 'partition stands', 'partitions stand')} still.`
      case 'dead_letters':
        return `${part(value)} of the records could not be processed${than(part(line ?? 0))}.`
      case 'errors':
        return `${part(value)} of the operations failed for good${than(part(line ?? 0))}.`
      case 'retries':
        return `There were ${n(value)} further attempts for each operation${than(n(line ?? 0))}.`
      case 'latency_p99':
        return `99 of 100 operations took up to ${ms(value)}${than(ms(line ?? 0))}.`
      case 'age_p99':
        return `99 of 100 records were taken up to ${ms(value)} after they had come${than(ms(line ?? 0))}.`
    }
  },
  source: {
    begins: (s) => `Many events of ${s} can't be read.`,
    ends: (s) => `The events of ${s} can be read again.`,
    told: ({ share: x, line, failed }) =>
      `${part(x)} of them were refused, ${n(failed)} in all${line === null ? '' : `; the line that was set is ${part(line)}`}.`,
  },
  series: {
    begins: (x) => `What comes in has changed in ${many(x, 'respect', 'respects')}.`,
    ends: 'What comes in is as it was.',
  },
  items: {
    begins: (x, topic) => `${many(x, 'item', 'items')}${topic === null ? '' : ` on ${topic}`} should be looked at.`,
    ends: (topic) => `Nothing is found any more of the items${topic === null ? '' : ` on ${topic}`}.`,
  },
  model: {
    begins: (m) => `The model ${m ?? ''} does not work as it did.`.replace('  ', ' '),
    ends: (m) => (m === null ? 'A model works as before.' : `The model ${m} works as before.`),
  },
  unsaid: {
    begins: 'Something in the system should be looked at.',
    ends: 'The rule that told of this is no longer in force.',
  },
  found({ name, findings, figures }) {
    const said = findings.map((f) => findingIn(FINDINGS_ENGLISH, f)).join('; ')
    const with_ = figures.map((f) => `${figureIn(FIGURES_ENGLISH, f.code)} ${n(f.value)}`).join(', ')
    return `${name}${said === '' ? '' : `: ${said}`}${with_ === '' ? '' : ` (${with_})`}.`
  },
  further: (x) => `${many(x, 'further one is', 'further ones are')} not named here.`,
  since: (at) => `It began on ${moment(at, LOCALE)}.`,
  lastHeard: (at) => `It was last heard of on ${moment(at, LOCALE)}, and did not say that it ends.`,
  counted: (x, window, what) =>
    `This rests on ${n(x)} ${x === 1 ? what.slice(0, -1) : what}${window === null ? '' : ` within ${ms(window)}`}.`,
  rebuilding: (x) => `${many(x, 'partition folds', 'partitions fold')} again what a lost state had held.`,
  partitions: (x) => `It has ${many(x, 'partition', 'partitions')}.`,
  problem: (text) => `The reason that it gives: ${text}`,
  runsIn: (services) => `It runs in the service ${services.join(', ')}.`,
  next: {
    part: {
      lag: () =>
        'Look at "npx mastery pipeline": if its partitions move, it is only behind and needs time or another process; if not, its log says why.',
      silence: ({ services, part: p }) =>
        `Look whether the process of ${services.join(', ') || p} still runs, and start it again; what it had begun is done again and counts once.`,
      stopped: () =>
        'docs/operations.md has what each reason means and what to do. The others go on; nothing is lost meanwhile.',
      dead_letters: ({ part: p }) =>
        `"npx mastery rejects list --stage ${p} --summary" says what they are and what can be done; their bytes are kept.`,
      errors: ({ part: p }) =>
        p === 'jobs'
          ? '"npx mastery jobs list --dead" shows which jobs, and why; "npx mastery jobs retry ID" runs one again.'
          : p === 'notify' || p === 'delivery'
            ? '"npx mastery deliveries dead" shows which messages, and why.'
            : `Look at the log of ${p}, and at "npx mastery pipeline".`,
      retries: ({ part: p }) =>
        `Look whether what ${p} depends on answers (log, state store, gold, mail): it waits for that and loses nothing.`,
      latency_p99: ({ part: p }) =>
        `Look at "npx mastery pipeline": whether ${p} has more to do than before, or the machine has less to give.`,
      age_p99: () => 'Look at "npx mastery pipeline": the part before it may lag, or this one.',
    },
    source:
      '"npx mastery rejects list --summary" says why, and what can be done; once it is mended, "npx mastery rejects replay --all" sends them again.',
    series:
      'Ask what changed at the source: "npx mastery drift report --out drift.html" shows since when and how much.',
    teacher: 'Nothing: until this is over, estimates may be wrong, and alerts about students are only in the inbox.',
    model: () =>
      '"npx mastery drift report --out drift.html" shows since when and how much; "npx mastery models list" has the versions that it can be compared with.',
    items: (item, key) =>
      `${key ? 'Look at the key first: is the right answer the one that counts? Then at the wording and the options.' : 'Look at the wording and the options, and at where the item stands.'}${item === null ? '' : ` "npx mastery items show ${item}" has all figures.`}`,
    unsaid: 'Look at "npx mastery alerts list".',
  },
}
