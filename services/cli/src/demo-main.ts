import type { Host, Io } from './command.ts'
import { demoCommand } from './commands/demo.ts'
import { explainFailure } from './dispatch.ts'
import { leave } from './leave.ts'
import { STDERR } from './progress.ts'

const io: Io = { out: (t) => void process.stdout.write(t), err: STDERR, cwd: process.cwd() }
if (process.argv.includes('--help')) io.out(`${demoCommand.help}\n`)
else
  demoCommand.run(null as unknown as Host, process.argv.slice(2), io).then(
    (code) => leave(code),
    (e) => leave(explainFailure(e, io, 'demo')),
  )
