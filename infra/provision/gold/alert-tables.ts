import { EVIDENCE, from, type GoldTable, LC, STUDENT, TIME, WHO } from './table.ts'

/** What the alerting stage decided. */
export const ALERT_TABLES: readonly GoldTable[] = [
  {
    name: 'alerts',
    about: 'Every transition of every alert, with what it rests on, whether people were told of it or not.',
    columns: [
      ...WHO,
      ['alert_id', 'String', 'Stable name of the alert; the same in every generation.'],
      ['sequence', 'UInt32', "Which of the alert's notices this is, from 1; 0: nobody is told."],
      ['rule', LC, 'Rule of the policy.'],
      ['policy', LC, 'Version of the policy that was in force.'],
      ['scope', LC, 'What it is about: student, class, item, model, pipeline.'],
      ['class_id', LC, 'Class of the roster; empty where none is known.'],
      ['topic_id', LC, 'Knowledge component; empty where it is about none.'],
      ['severity', LC, 'info, normal or urgent.'],
      [
        'state',
        LC,
        'State from here on: normal, pending, firing, acknowledged, silenced, recovering, resolved, no_data.',
      ],
      ['before', LC, 'State before.'],
      [
        'cause',
        LC,
        'What moved it: answer, late_answer, repair, time, policy, acknowledge, silence, unsilence, not_useful; for the system itself metric, look, policy.',
      ],
      ['occurred_at', TIME, 'Event time of what caused it; the tick where time alone did.'],
      ['decided_at', TIME, "The stage's now."],
      ['told', 'Bool', 'Whether people were told.'],
      [
        'held_back',
        LC,
        'Why nobody was told where somebody would be: late, replayed, cooldown, acknowledged, silenced, no recipient; else empty.',
      ],
      ...EVIDENCE,
      ['done_by', 'Nullable(String)', 'Pseudonym of who acknowledged, silenced or judged it.'],
      ['until', 'Nullable(Int64)', 'When an acknowledgement or a silence ends, UTC milliseconds.'],
      ['reason', 'Nullable(String)', 'Why, in the words of who did it.'],
      ...from(
        "Partition of mastery.scores, behind these of mastery.classes, behind these of ops.metrics; with src_offset and ordinal the row's identity.",
        "Which of that record's transitions this is.",
        true,
      ),
    ],
    order: ['tenant', 'student_id', 'decided_at', 'generation', 'src_partition', 'src_offset', 'ordinal'],
    version: null,
    month: 'decided_at',
    age: 'decided_at',
    shard: STUDENT,
  },
]
