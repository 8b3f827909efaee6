import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  Identity,
  KeptRoster,
  RosterVault,
  TenantIdentities,
  Title,
} from '@mastery/topology/ports/identity-vault.ts'
import { forgetInSource } from '@mastery/topology/roster/forget.ts'
import { FileCheckpoint } from './checkpoint.ts'

export interface VaultKey {
  id: string
  /** 32 bytes. */
  key: Uint8Array
}

/** The newest key, the last, seals; the others open what they have sealed. */
export interface VaultKeys {
  of(tenant: string): readonly VaultKey[]
  /** Looks again for keys that another process may have added. */
  reload(tenant: string): readonly VaultKey[]
}

/** That somebody read, and not what. */
export interface VaultRead {
  tenant: string
  reader: string
  what: 'people' | 'titles' | 'roster'
}

export interface VaultOptions {
  /** One file per tenant stands here. Of several machines all must see the same folder. */
  dir: string
  keys: VaultKeys
  note(read: VaultRead): void
}

interface Contents {
  version: string
  people: readonly Identity[]
  titles: readonly Title[]
  roster: KeptRoster | null
}

interface Opened extends Contents {
  /** Of the file: it is replaced as a whole, so another one has another. */
  stamp: string
  names: ReadonlyMap<string, Identity>
  called: ReadonlyMap<string, string>
}

const ALGORITHM = 'aes-256-gcm'
const MAGIC = 'mastery-vault-1'
const [NONCE, TAG] = [12, 16]

/**
 * `<dir>/<tenant>.vault`: a line with the format and the key's id, 12 bytes nonce, 16 bytes tag, ciphertext of a JSON
 * document. The line and the tenant are authenticated with it, so that one tenant's file can't take another's place. A
 * file appears by one rename: readers of other processes see the former one or the new one.
 */
export class FileVault implements RosterVault {
  readonly #options: VaultOptions
  readonly #opened = new Map<string, Opened>()

  constructor(options: VaultOptions) {
    this.#options = options
  }

  async replace(tenant: string, identities: TenantIdentities, roster?: KeptRoster): Promise<void> {
    const { version, people, titles } = identities
    await this.#write(tenant, { version, people, titles, roster: roster ?? null })
  }

  async people(tenant: string, pseudonyms: readonly string[], reader: string): Promise<Map<string, Identity>> {
    const there = await this.#read(tenant)
    if (there) this.#options.note({ tenant, reader, what: 'people' })
    return chosen(pseudonyms, there?.names)
  }

  async titles(tenant: string, ids: readonly string[], reader: string): Promise<Map<string, string>> {
    const there = await this.#read(tenant)
    if (there) this.#options.note({ tenant, reader, what: 'titles' })
    return chosen(ids, there?.called)
  }

  async roster(tenant: string, reader: string): Promise<{ version: string; kept: KeptRoster | null } | null> {
    const there = await this.#read(tenant)
    if (there) this.#options.note({ tenant, reader, what: 'roster' })
    return there && { version: there.version, kept: there.roster }
  }

  async forget(tenant: string, pseudonyms: readonly string[]): Promise<number> {
    const there = await this.#read(tenant)
    if (!there) return 0
    const gone = new Set(pseudonyms)
    const ids = Object.entries(there.roster?.ids ?? {})
    const found = new Set([...there.names.keys(), ...ids.map(([p]) => p)].filter((p) => gone.has(p)))
    if (found.size === 0) return 0
    const roster = there.roster && {
      rows: forgetInSource(there.roster.rows, new Set(ids.flatMap(([p, id]) => (gone.has(p) ? [id] : [])))),
      ids: Object.fromEntries(ids.filter(([p]) => !gone.has(p))),
    }
    const people = there.people.filter((p) => !gone.has(p.pseudonym))
    await this.#write(tenant, { version: there.version, people, titles: there.titles, roster })
    return found.size
  }

  /** Seals what is there with the newest key. Gives whether there was anything. */
  async sealAnew(tenant: string): Promise<boolean> {
    const there = await this.#read(tenant)
    if (!there) return false
    const { version, people, titles, roster } = there
    await this.#write(tenant, { version, people, titles, roster })
    return true
  }

  #path(tenant: string): string {
    return join(this.#options.dir, `${tenant}.vault`)
  }

  async #write(tenant: string, contents: Contents): Promise<void> {
    const newest = this.#options.keys.of(tenant).at(-1) ?? this.#options.keys.reload(tenant).at(-1)
    if (!newest) throw new Error(`Tenant "${tenant}" has no key for the identity vault in the tenants file.`)
    const head = Buffer.from(`${MAGIC} ${newest.id}\n`)
    const nonce = randomBytes(NONCE)
    const cipher = createCipheriv(ALGORITHM, newest.key, nonce)
    cipher.setAAD(Buffer.concat([head, Buffer.from(tenant)]))
    const body = Buffer.concat([cipher.update(JSON.stringify(contents)), cipher.final()])
    await mkdir(this.#options.dir, { recursive: true, mode: 0o700 })
    await new FileCheckpoint(this.#path(tenant), 0o600).save(Buffer.concat([head, nonce, cipher.getAuthTag(), body]))
    this.#opened.delete(tenant)
  }

  /** Null where the tenant has nothing. */
  async #read(tenant: string): Promise<Opened | null> {
    const path = this.#path(tenant)
    const found = await stat(path, { bigint: true }).catch((e: NodeJS.ErrnoException) => {
      if (e.code === 'ENOENT') return null
      throw e
    })
    if (found === null) return null
    const stamp = `${found.ino} ${found.mtimeNs} ${found.size}`
    const known = this.#opened.get(tenant)
    if (known?.stamp === stamp) return known
    const contents = this.#unseal(tenant, await readFile(path))
    const opened = {
      ...contents,
      stamp,
      names: new Map(contents.people.map((p) => [p.pseudonym, p])),
      called: new Map(contents.titles.map((t) => [t.id, t.title])),
    }
    this.#opened.set(tenant, opened)
    return opened
  }

  #unseal(tenant: string, bytes: Buffer): Contents {
    const refuse = (why: string, cause?: unknown) =>
      new Error(
        `The identity vault of tenant "${tenant}" can't be opened: ${why}. Restore ${this.#path(tenant)} from a backup, or delete it and import the whole roster again ("npx mastery roster import").`,
        { cause },
      )
    const line = bytes.indexOf(10)
    const [magic, id] = bytes.subarray(0, Math.max(0, line)).toString('latin1').split(' ')
    if (magic !== MAGIC || id === undefined) throw refuse('it is no file of this format')
    const has = (k: VaultKey) => k.id === id
    const key = this.#options.keys.of(tenant).find(has) ?? this.#options.keys.reload(tenant).find(has)
    if (!key) throw refuse(`it was sealed with the key "${id}", which the tenants file does not have`)
    const at = line + 1
    try {
      const decipher = createDecipheriv(ALGORITHM, key.key, bytes.subarray(at, at + NONCE))
      decipher.setAAD(Buffer.concat([bytes.subarray(0, at), Buffer.from(tenant)]))
      decipher.setAuthTag(bytes.subarray(at + NONCE, at + NONCE + TAG))
      const body = Buffer.concat([decipher.update(bytes.subarray(at + NONCE + TAG)), decipher.final()])
      return JSON.parse(body.toString('utf8')) as Contents
    } catch (cause) {
      throw refuse('its bytes are not what its key has sealed', cause)
    }
  }
}

function chosen<T>(wanted: readonly string[], from: ReadonlyMap<string, T> | undefined): Map<string, T> {
  const out = new Map<string, T>()
  for (const id of wanted) {
    const found = from?.get(id)
    if (found !== undefined) out.set(id, found)
  }
  return out
}
