import { parseArgs } from 'node:util'
import { addApiKey, pseudonymiser, ROLES, type Role } from '@mastery/infra/config/secrets.ts'
import { type Command, UsageError } from '../command.ts'

const PSEUDONYM = /^[0-9a-f]{32}$/

export const apikeyCommand: Command = {
  name: 'apikey',
  summary: 'make another API key',
  help: `npx mastery apikey [--role ingest|read|admin|operator|person] [--person ID] [--tenant ID] [--profile NAME] [--data DIR]

Makes a key, prints it once, and keeps only its hash in the tenants file. A running "npm start" takes it at once; services
that run as processes of their own take it when they are started again. To take a key back, delete its hash there.

Without --role a key may send events and read mastery. ingest: send only. read: read only. admin: read, erase, readmit,
export, see anybody's inbox. operator: as admin, and exports have the bytes of rejects. person: see and answer the alerts of
the person that --person names, by the sourcedId of the roster or a pseudonym, and nothing else.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: { tenant: { type: 'string' }, role: { type: 'string' }, person: { type: 'string' } },
    })
    if (values.role !== undefined && !ROLES.includes(values.role as Role))
      throw new UsageError(`There is no role "${values.role}"; choose one of ${ROLES.join(', ')}.`)
    if ((values.role === 'person') !== (values.person !== undefined))
      throw new UsageError('--role person needs --person, and --person needs --role person.')
    const tenant = host.tenant(values.tenant)
    const { person } = values
    const pseudonym = person === undefined || PSEUDONYM.test(person) ? person : pseudonymiser(tenant)(person)
    const { tenantsFile } = host.profile
    const role = (values.role as Role | undefined) ?? null
    io.out(`${addApiKey(tenantsFile, host.installation.secrets, tenant, role, pseudonym)}\n`)
    return 0
  },
}
