import { many } from './figures.ts'
import { FIGURES_GERMAN, FINDINGS_GERMAN } from './finding-words-de.ts'
import { figure, figureIn, findingIn, moment, share, took } from './system-figures.ts'
import type { SystemPhrases } from './system-phrases.ts'

const LOCALE = 'de-DE'
const n = (x: number) => figure(x, LOCALE)
const ms = (x: number) => took(x, LOCALE)
const part = (x: number) => share(x, LOCALE)

export const SYSTEM_GERMAN: SystemPhrases = {
  part: {
    lag: { begins: (p) => `${p} ist im Rückstand.`, ends: (p) => `${p} hat aufgeholt.` },
    silence: { begins: (p) => `Von ${p} ist nichts mehr zu hören.`, ends: (p) => `Von ${p} ist wieder zu hören.` },
    stopped: { begins: (p) => `Partitionen von ${p} stehen still.`, ends: (p) => `Alle Partitionen von ${p} laufen.` },
    dead_letters: {
      begins: (p) => `${p} legt Sätze beiseite.`,
      ends: (p) => `${p} nimmt Sätze wieder wie vorgesehen.`,
    },
    errors: { begins: (p) => `In ${p} schlägt zu viel fehl.`, ends: (p) => `${p} arbeitet wieder wie vorgesehen.` },
    retries: {
      begins: (p) => `${p} muss es immer wieder versuchen.`,
      ends: (p) => `${p} kommt wieder auf Anhieb durch.`,
    },
    latency_p99: { begins: (p) => `${p} ist langsam.`, ends: (p) => `${p} ist wieder schnell genug.` },
    age_p99: {
      begins: (p) => `Was ${p} nimmt, ist dann schon alt.`,
      ends: (p) => `${p} nimmt wieder rechtzeitig, was kommt.`,
    },
  },
  measured({ measure, value, line }) {
    const than = (text: string) => (line === null ? '' : `; die gesetzte Grenze ist ${text}`)
    switch (measure) {
      case 'lag':
        return `Im Protokoll stehen ${n(value)} Sätze, die noch nicht genommen sind${than(n(line ?? 0))}.`
      case 'silence':
        return `Es war ${ms(value * 1000)} lang still${than(ms((line ?? 0) * 1000))}.`
      case 'stopped':
        return `${value === 0 ? 'Keine Partition steht' : many(value, 'Partition steht', 'Partitionen stehen')} still.`
      case 'dead_letters':
        return `${part(value)} der Sätze waren nicht zu verarbeiten${than(part(line ?? 0))}.`
      case 'errors':
        return `${part(value)} der Vorgänge sind endgültig fehlgeschlagen${than(part(line ?? 0))}.`
      case 'retries':
        return `Auf jeden Vorgang kamen ${n(value)} weitere Versuche${than(n(line ?? 0))}.`
      case 'latency_p99':
        return `99 von 100 Vorgängen dauerten bis zu ${ms(value)}${than(ms(line ?? 0))}.`
      case 'age_p99':
        return `99 von 100 Sätzen waren bis zu ${ms(value)} nach ihrem Eintreffen genommen${than(ms(line ?? 0))}.`
    }
  },
  source: {
    begins: (s) => `Viele Ereignisse aus ${s} sind nicht zu lesen.`,
    ends: (s) => `Die Ereignisse aus ${s} sind wieder zu lesen.`,
    told: ({ share: x, line, failed }) =>
      `${part(x)} davon wurden abgewiesen, ${n(failed)} im Ganzen${line === null ? '' : `; die gesetzte Grenze ist ${part(line)}`}.`,
  },
  series: {
    begins: (x) => `Was hereinkommt, hat sich in ${many(x, 'Hinsicht', 'Hinsichten')} verändert.`,
    ends: 'Was hereinkommt, ist wieder wie zuvor.',
  },
  items: {
    begins: (x, topic) =>
      `${x === 1 ? 'Eine Aufgabe' : `${n(x)} Aufgaben`}${topic === null ? '' : ` zu ${topic}`} ${x === 1 ? 'sollte' : 'sollten'} angesehen werden.`,
    ends: (topic) => `An den Aufgaben${topic === null ? '' : ` zu ${topic}`} ist nichts mehr zu finden.`,
  },
  model: {
    begins: (m) =>
      m === null ? 'Ein Modell rechnet nicht mehr wie zuvor.' : `Das Modell ${m} rechnet nicht mehr wie zuvor.`,
    ends: (m) => (m === null ? 'Ein Modell rechnet wieder wie zuvor.' : `Das Modell ${m} rechnet wieder wie zuvor.`),
  },
  unsaid: {
    begins: 'Etwas am System sollte angesehen werden.',
    ends: 'Die Regel, die das gemeldet hat, gilt nicht mehr.',
  },
  found({ name, findings, figures }) {
    const said = findings.map((f) => findingIn(FINDINGS_GERMAN, f)).join('; ')
    const with_ = figures.map((f) => `${figureIn(FIGURES_GERMAN, f.code)} ${n(f.value)}`).join(', ')
    return `${name}${said === '' ? '' : `: ${said}`}${with_ === '' ? '' : ` (${with_})`}.`
  },
  further: (x) => `${x === 1 ? 'Eine weitere ist' : `${n(x)} weitere sind`} hier nicht genannt.`,
  since: (at) => `Es begann am ${moment(at, LOCALE)}.`,
  lastHeard: (at) => `Zuletzt war am ${moment(at, LOCALE)} davon zu hören, und nicht, dass es endet.`,
  counted: (x, window, what) =>
    `Das beruht auf ${n(x)} ${what === 'events' ? (x === 1 ? 'Ereignis' : 'Ereignissen') : x === 1 ? 'Vorgang' : 'Vorgängen'}${window === null ? '' : ` innerhalb von ${ms(window)}`}.`,
  rebuilding: (x) =>
    `${many(x, 'Partition rechnet', 'Partitionen rechnen')} noch einmal, was ein verlorener Zustand enthielt.`,
  partitions: (x) => `Es sind ${many(x, 'Partition', 'Partitionen')}.`,
  problem: (text) => `Der genannte Grund: ${text}`,
  runsIn: (services) => `Es läuft im Dienst ${services.join(', ')}.`,
  next: {
    part: {
      lag: () =>
        '„npx mastery pipeline“ ansehen: Gehen die Partitionen voran, braucht es nur Zeit oder einen weiteren Prozess; sonst sagt das Protokoll des Dienstes, warum nicht.',
      silence: ({ services, part: p }) =>
        `Nachsehen, ob der Prozess von ${services.join(', ') || p} noch läuft, und ihn neu starten; Angefangenes wird noch einmal getan und zählt einmal.`,
      stopped: () =>
        'In docs/operations.md steht, was jeder Grund bedeutet und was zu tun ist. Die anderen laufen weiter; verloren geht nichts.',
      dead_letters: ({ part: p }) =>
        `„npx mastery rejects list --stage ${p} --summary“ sagt, was es ist und was man tun kann; die Bytes sind aufgehoben.`,
      errors: ({ part: p }) =>
        p === 'jobs'
          ? '„npx mastery jobs list --dead“ zeigt, welche Aufträge, und warum; „npx mastery jobs retry ID“ führt einen noch einmal aus.'
          : p === 'notify' || p === 'delivery'
            ? '„npx mastery deliveries dead“ zeigt, welche Nachrichten, und warum.'
            : `Das Protokoll von ${p} ansehen, und „npx mastery pipeline“.`,
      retries: ({ part: p }) =>
        `Nachsehen, ob antwortet, worauf ${p} angewiesen ist (Log, Zustandsspeicher, Gold, Mail): es wartet darauf und verliert nichts.`,
      latency_p99: ({ part: p }) =>
        `„npx mastery pipeline“ ansehen: ob ${p} mehr zu tun hat als zuvor, oder die Maschine weniger hergibt.`,
      age_p99: () => '„npx mastery pipeline“ ansehen: Der Teil davor kann im Rückstand sein, oder dieser.',
    },
    source:
      '„npx mastery rejects list --summary“ sagt, warum, und was man tun kann; ist es behoben, schickt „npx mastery rejects replay --all“ sie noch einmal.',
    series:
      'Fragen, was sich an der Quelle geändert hat: „npx mastery drift report --out drift.html“ zeigt, seit wann und wie sehr.',
    teacher:
      'Nichts: Bis es vorbei ist, können Schätzungen falsch sein, und Meldungen zu Lernenden stehen nur im Postfach.',
    model: () =>
      '„npx mastery drift report --out drift.html“ zeigt, seit wann und wie sehr; „npx mastery models list“ nennt die Versionen, mit denen man vergleichen kann.',
    items: (item, key) =>
      `${key ? 'Zuerst den Schlüssel ansehen: Gilt die richtige Antwort als richtig? Dann den Wortlaut und die Antwortmöglichkeiten.' : 'Den Wortlaut und die Antwortmöglichkeiten ansehen, und wo die Aufgabe steht.'}${item === null ? '' : ` „npx mastery items show ${item}“ nennt alle Zahlen.`}`,
    unsaid: '„npx mastery alerts list“ ansehen.',
  },
}
