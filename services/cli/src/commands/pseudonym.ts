import { parseArgs } from 'node:util'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { type Command, UsageError } from '../command.ts'

export const pseudonymCommand: Command = {
  name: 'pseudonym',
  summary: "a student's pseudonym, from the tenant's own id",
  help: 'npx mastery pseudonym ID [--tenant ID] [--data DIR] [--profile NAME]\n\nPrints the pseudonym under which topics and gold know the student.',
  async run(host, args, io) {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { tenant: { type: 'string' } } })
    if (positionals.length !== 1) throw new UsageError('Give exactly one student id: npx mastery pseudonym ID')
    io.out(`${pseudonymiser(host.tenant(values.tenant))(positionals[0]!)}\n`)
    return 0
  },
}
