import { parseArgs } from 'node:util'
import type { Command } from '../command.ts'
import type { DemoSummary } from '../demo.ts'
import { alertsText } from '../demo-alerts.ts'
import { driftText } from '../demo-drift.ts'
import { mailedText, smtpServer } from '../demo-mail.ts'
import { modelTable, table } from '../tables.ts'
import { positive } from './simulate.ts'

function report(s: DemoSummary): string {
  const n = (x: number) => x.toLocaleString('en')
  const r = (x: number) => x.toFixed(3)
  const topics = s.example.topics.slice(0, 6)
  return `
A simulated school: ${n(s.students)} students, ${n(s.events)} events through the whole path in ${s.seconds.toFixed(1)} s (${n(Math.round(s.events_per_second))} events a second).
${n(s.duplicates)} duplicates dropped, ${n(s.rejects)} rejects.

How well the next answer was predicted, each time before it was seen
${modelTable(s.models)}
How well the true mastery was recovered (correlation over ${n(s.truth_rows)} student-topics)
${table(
  ['estimate', 'correlation'],
  [
    ['plain percent correct', r(s.percent_correct_correlation)],
    ...Object.entries(s.truth_correlation_by_model).map(([m, c]) => [m, r(c)]),
    ["an ideal observer that knows the school's parameters", r(s.ideal_correlation)],
  ],
)}
${s.example.student}, as a teacher reads it
${topics.map((t) => `  ${t.name} (${t.opportunities} answers)\n    ${t.why}`).join('\n')}

${alertsText(s.alerts)}${s.mailed ? `\n${mailedText(s.mailed)}` : ''}
${driftText(s.drift)}
Rows in gold${s.reconciled ? ', every count equal to what was sent' : ''}
${table(
  ['table', 'rows'],
  Object.entries(s.gold).map(([t, c]) => [t, n(c)]),
)}${s.reconciled ? '' : `\nNOT RECONCILED:\n${s.mismatches.map((m) => `  ${m}`).join('\n')}\n`}`
}

export const demoCommand: Command = {
  name: 'demo',
  summary: 'a simulated school through the whole path',
  help: `npm run demo -- [--students 200] [--events 200000] [--seed 7] [--data DIR] [--mail-to smtp://HOST:PORT]
                [--json]

Runs on the embedded profile, in a temporary folder unless --data names one. --json prints one JSON document as the
last line. Exit code 1 where a count in gold differs from what was sent, or a mail was not taken.
--mail-to sends the mails of the school's last week, as the notify service would, to an SMTP server that catches them:
"npm run mailbox" is one. All addresses are made up (...@mail.example).`,
  standalone: true,
  async run(_host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        students: { type: 'string' },
        events: { type: 'string' },
        seed: { type: 'string' },
        data: { type: 'string' },
        'mail-to': { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const options = {
      students: positive('students', values.students, 200),
      events: positive('events', values.events, 200_000),
      seed: positive('seed', values.seed, 7),
      data: values.data ?? null,
      quiet: false,
      mailTo: values['mail-to'] === undefined ? null : smtpServer(values['mail-to']),
    }
    // Loaded when it runs: the stores cost a second, and help and mistakes need none of them.
    const { runDemo } = await import('../demo.ts')
    const summary = await runDemo(options)
    io.out(values.json ? `${JSON.stringify(summary)}\n` : report(summary))
    return summary.reconciled && (summary.mailed?.dead ?? 0) === 0 ? 0 : 1
  },
}
