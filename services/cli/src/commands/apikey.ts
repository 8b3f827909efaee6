import { parseArgs } from 'node:util'
import { addApiKey, ROLES, type Role } from '@mastery/infra/config/secrets.ts'
import { type Command, UsageError } from '../command.ts'

export const apikeyCommand: Command = {
  name: 'apikey',
  summary: 'make another API key',
  help: `npx mastery apikey [--role ingest|read|admin|operator] [--tenant ID] [--profile NAME] [--data DIR]

Makes a key, prints it once, and keeps only its hash in the tenants file. A running "npm start" takes it at once; services
that run as processes of their own take it when they are started again. To take a key back, delete its hash there.

Without --role a key may send events and read mastery. ingest: send only. read: read only. admin: read, erase, readmit,
export. operator: as admin, and exports have the bytes of rejects.`,
  async run(host, args, io) {
    const { values } = parseArgs({ args, options: { tenant: { type: 'string' }, role: { type: 'string' } } })
    if (values.role !== undefined && !ROLES.includes(values.role as Role))
      throw new UsageError(`There is no role "${values.role}"; choose one of ${ROLES.join(', ')}.`)
    const tenant = host.tenant(values.tenant)
    io.out(
      `${addApiKey(host.profile.tenantsFile, host.installation.secrets, tenant, (values.role as Role | undefined) ?? null)}\n`,
    )
    return 0
  },
}
