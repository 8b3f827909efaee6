import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { rosterLease } from '@mastery/api/src/roster/import.ts'
import { withRoster } from '@mastery/api/src/roster/parts.ts'
import { rejectKeys, rotateRejectKey } from '@mastery/infra/config/reject-keys.ts'
import type { Tenant } from '@mastery/infra/config/secrets.ts'
import { addVaultKey, dropFormerVaultKeys } from '@mastery/infra/config/vault-keys.ts'
import { type Command, type Host, UsageError } from '../command.ts'
import { operator } from '../subject.ts'
import { table } from '../tables.ts'

interface KeyRow {
  kind: string
  id: string
  tenant: string
  since: string
  use: string
}

function list(host: Host): KeyRow[] {
  const { secrets } = host.installation
  const rejects = rejectKeys(secrets)
  return [
    ...secrets.tenants.map((t) => ({
      kind: 'pseudonym',
      // Names the key without giving anything of it away.
      id: `pseudonym-${createHash('sha256').update(`id of ${t.pseudonymKey}`).digest('hex').slice(0, 8)}`,
      tenant: t.id,
      since: '',
      use: 'makes pseudonyms; never rotated',
    })),
    ...rejects.map((k, i) => ({
      kind: 'reject',
      id: k.id,
      tenant: '',
      since: k.since ?? '',
      use: i === rejects.length - 1 ? 'seals and opens' : 'opens what it has sealed',
    })),
    ...secrets.tenants.flatMap((t) =>
      (t.vaultKeys ?? []).map((k, i, all) => ({
        kind: 'vault',
        id: k.id,
        tenant: t.id,
        since: k.since,
        use: i === all.length - 1 ? 'seals and opens' : 'opens what it has sealed',
      })),
    ),
    ...secrets.tenants.flatMap((t) => [
      ...t.apiKeyHashes.map((h) => ({
        kind: 'api',
        id: `key-${h.slice(0, 8)}`,
        tenant: t.id,
        since: '',
        use: 'ingest and read',
      })),
      ...(t.apiKeys ?? []).map((k) => ({ kind: 'api', id: k.id, tenant: t.id, since: '', use: k.role })),
    ]),
  ]
}

/** A kill between the steps leaves both keys, which open what there is; rotating again ends it. */
async function rotateVault(host: Host, tenant: Tenant): Promise<{ id: string; sealed: boolean }> {
  const { installation, profile } = host
  const who = { tenant, reader: `${operator()}: keys rotate vault`, role: 'operator' }
  return withRoster(installation, await host.gold(), who, async (parts) => {
    const lease = await rosterLease(parts)
    try {
      const id = addVaultKey(profile.tenantsFile, installation.secrets, tenant.id, Date.now())
      const sealed = await installation.vault(() => {}).sealAnew(tenant.id)
      dropFormerVaultKeys(profile.tenantsFile, installation.secrets, tenant.id)
      return { id, sealed }
    } finally {
      await lease.release()
    }
  })
}

export const keysCommand: Command = {
  name: 'keys',
  summary: 'list the keys of this installation, rotate those that can be',
  help: `npx mastery keys list [--json]
npx mastery keys rotate reject
npx mastery keys rotate vault [--tenant T]

rotate reject adds a key that seals rejects from now on; older ones stay and open what they have sealed. A running
"npm start" takes it at once, services that run as processes of their own when they are started again.
rotate vault gives the identity vault of a tenant a new key, seals it anew and removes the former keys; running services
follow by themselves.
Pseudonym keys are not rotated: every pseudonym would change, and with it every student. Where one is compromised, give
the tenant a new one and import its history again as a tenant of its own, then erase the old one's students.`,
  async run(host, args, io) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean' }, tenant: { type: 'string' } },
    })
    const [what = 'list', kind] = positionals
    if (what === 'list') {
      const rows = list(host)
      if (values.json) io.out(`${JSON.stringify(rows)}\n`)
      else
        io.out(
          table(
            ['kind', 'id', 'tenant', 'since', 'use'],
            rows.map((r) => [r.kind, r.id, r.tenant, r.since, r.use]),
          ),
        )
      return 0
    }
    if (what !== 'rotate') throw new UsageError(`keys knows list and rotate, not "${what}".`)
    if (kind === 'reject') {
      const id = rotateRejectKey(host.profile.tenantsFile, host.installation.secrets, Date.now())
      io.out(values.json ? `${JSON.stringify({ id })}\n` : `Rejects are sealed with ${id} from now on.\n`)
      return 0
    }
    if (kind === 'vault') {
      const { id, sealed } = await rotateVault(host, host.tenant(values.tenant))
      io.out(
        values.json
          ? `${JSON.stringify({ id, sealed })}\n`
          : `The identity vault is sealed with ${id} from now on${sealed ? ', and what it holds was sealed anew' : '; it holds nothing yet'}.\n`,
      )
      return 0
    }
    if (kind === 'pseudonym')
      throw new UsageError(
        'A pseudonym key is not rotated: under another key every student becomes a new one and loses the history. A compromised one means a new generation: a tenant with a new key, its history imported again, and the old students erased.',
      )
    throw new UsageError('Say which keys: npx mastery keys rotate reject, or rotate vault.')
  },
}
