import { parseArgs } from 'node:util'
import { loadProgress } from '@mastery/infra/config/progress.ts'
import { studentProgress, topicProgress } from '@mastery/jobs/src/progress/ask.ts'
import { computeProgress } from '@mastery/jobs/src/progress/run.ts'
import { type Command, UsageError } from '../command.ts'
import { Progress } from '../progress.ts'
import { studentTables, topicTable } from '../progress-tables.ts'
import { noteAccess, subjectOf } from '../subject.ts'

export const progressCommand: Command = {
  name: 'progress',
  summary: 'mastery along the topic graph, learning velocity, time to mastery, retention',
  help: `npx mastery progress run [--json]                              computes all of it anew, as the nightly job does
npx mastery progress topics [--tenant T] [--json]              per topic: how long mastery takes, how fast it is forgotten
npx mastery progress student --student ID [--tenant T] [--json]

A topic counts as mastered at the threshold of configs/progress.json, once blended mastery has stayed there for so many
opportunities on end. Students who are not there yet are censored: medians are by Kaplan and Meier. A node's mastery is the
mean over its topics with answers, each weighted by n / (n + 10) for n answers; coverage says how many topics that is.
"npx mastery curriculum" sets the graph. The tables are v_topic_rollups, v_learning_velocity, v_time_to_mastery,
v_mastery_survival, v_retention_curves and v_retention_fits.`,
  async run(host, args, io) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { student: { type: 'string' }, tenant: { type: 'string' }, json: { type: 'boolean' } },
    })
    const [what, ...more] = positionals
    if (what === undefined || !['run', 'topics', 'student'].includes(what) || more.length > 0)
      throw new UsageError('Say what: progress run, progress topics, or progress student --student ID.')
    const config = loadProgress()
    if (what === 'run') {
      await host.stages()
      const progress = new Progress(values.json, io.err)
      const { generations } = host.installation
      const report = await computeProgress(
        { gold: await host.gold(), generation: generations.active.id, config, now: Date.now },
        (fraction, message) => progress.show(message, Math.round(fraction * 100), 100),
      )
      progress.end()
      const n = (x: number) => x.toLocaleString('en')
      io.out(
        values.json
          ? `${JSON.stringify(report)}\n`
          : `${n(report.students)} students, ${n(report.answers)} answers by topic, ${n(report.topics)} topics, ${n(report.stretches)} stretches of practice; ${report.seconds.toFixed(1)} s.\n`,
      )
      return 0
    }
    const gold = await host.gold()
    if (what === 'topics') {
      const tenant = host.tenant(values.tenant).id
      const topics = await topicProgress(gold, tenant)
      if (topics.length === 0) throw new UsageError('Nothing has been computed yet: "npx mastery progress run" does.')
      io.out(values.json ? `${JSON.stringify({ tenant, ...config, topics })}\n` : topicTable(topics, config))
      return 0
    }
    const of = subjectOf(host, values.student, values.tenant)
    const found = await studentProgress(gold, of)
    if (found.rollups.length === 0)
      throw new UsageError(
        `Nothing has been computed of student "${values.student}" of tenant ${of.tenant}. Check the id and --tenant; "npx mastery progress run" takes in whoever has answers.`,
      )
    await noteAccess(host, of, 'read progress')
    io.out(values.json ? `${JSON.stringify({ ...of, ...found })}\n` : studentTables(found, config))
    return 0
  },
}
