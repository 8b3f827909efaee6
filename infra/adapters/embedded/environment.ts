import { EventEmitter } from 'node:events'
import { mkdirSync } from 'node:fs'
import type { TopicName } from '@mastery/topology/topics.ts'
import { type Database, open, type RootDatabase } from 'lmdb'

/** Says within a process that a topic grew; other threads and processes find out by looking again. */
const growth = new EventEmitter().setMaxListeners(0)

/** One LMDB environment: the log, the state and the claims of the embedded profile, so that one transaction spans them. */
export class Environment {
  readonly root: RootDatabase<Buffer, Buffer>
  readonly heads: Database<Buffer, string>
  readonly state: Database<Buffer, Buffer>
  readonly claims: Database<Buffer, string>
  private readonly logs = new Map<TopicName, Database<Buffer, Buffer>>()
  readonly path: string

  /** `key`: encrypts all pages, 32 ASCII characters. LMDB ends the process where the folder was made with another. */
  constructor(path: string, key: string | null = null) {
    mkdirSync(path, { recursive: true })
    this.path = path
    this.root = open({
      path,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: 256,
      compression: false,
      mapSize: 1 << 30,
      ...(key ? { encryptionKey: key } : {}),
    })
    this.heads = this.root.openDB({ name: 'heads', encoding: 'binary', keyEncoding: 'ordered-binary' })
    this.claims = this.root.openDB({ name: 'claims', encoding: 'binary', keyEncoding: 'ordered-binary' })
    this.state = this.root.openDB({ name: 'state', encoding: 'binary', keyEncoding: 'binary' })
  }

  log(topic: TopicName): Database<Buffer, Buffer> {
    let db = this.logs.get(topic)
    if (!db) {
      db = this.root.openDB({ name: `log:${topic}`, encoding: 'binary', keyEncoding: 'binary' })
      this.logs.set(topic, db)
    }
    return db
  }

  grew(topic: TopicName): void {
    growth.emit(`${this.path}\u0000${topic}`)
  }

  /** Resolves when the topic may have grown, at the latest after `ms`. */
  wait(topic: TopicName, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const event = `${this.path}\u0000${topic}`
      const done = () => {
        clearTimeout(timer)
        growth.off(event, done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      growth.once(event, done)
    })
  }

  async close(): Promise<void> {
    await this.root.flushed
    await this.root.close()
  }
}
