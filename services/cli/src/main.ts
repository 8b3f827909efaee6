import type { Io } from './command.ts'
import { leave } from './leave.ts'
import { STDERR } from './progress.ts'
import { runCommandLine } from './run.ts'

const io: Io = { out: (t) => void process.stdout.write(t), err: STDERR, cwd: process.cwd() }
await leave(await runCommandLine(process.argv.slice(2), io))
