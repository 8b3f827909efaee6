import { Worker } from 'node:worker_threads'
import type { Attention, SeenAnswer } from '@mastery/topology/learners/sakt/attention.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'

export interface AskAttention {
  students: readonly (readonly SeenAnswer[])[]
  newest: number
  most: number
}

export type FromAttention =
  | { type: 'opened'; window: number }
  | { type: 'found'; found: Attention[][] }
  | { type: 'failed'; message: string }

const FILE = 'parameters.json'

/** A trained version of sakt in a thread of its own, to be asked what its predictions look at. One question at a time. */
export class AttentionThread {
  /** Past answers that a prediction can look at. */
  readonly window: number
  readonly version: string
  private readonly worker: Worker

  private constructor(worker: Worker, version: string, window: number) {
    this.worker = worker
    this.version = version
    this.window = window
  }

  /**
   * @param version left out: the one that was trained last
   * @returns null where none was trained
   * @throws ArtefactMissing, ArtefactDamaged
   */
  static async open(artefacts: ArtefactStore, version?: string): Promise<AttentionThread | null> {
    const wanted = version ?? (await artefacts.list('sakt'))[0]?.version
    if (wanted === undefined) return null
    const { files } = await artefacts.read('sakt', wanted)
    const bytes = files.get(FILE)
    if (!bytes) throw new Error(`Version ${wanted} of sakt has no ${FILE}; train it again.`)
    const worker = new Worker(new URL('./attention-worker.ts', import.meta.url), { workerData: bytes })
    try {
      const first = await answerOf(worker)
      if (first.type !== 'opened') throw new Error('The thread of sakt began with something else than its window.')
      return new AttentionThread(worker, wanted, first.window)
    } catch (e) {
      await worker.terminate()
      throw e
    }
  }

  /** As `attentionOf`. */
  async ask(question: AskAttention): Promise<Attention[][]> {
    const answer = answerOf(this.worker)
    this.worker.postMessage(question)
    const m = await answer
    return m.type === 'found' ? m.found : []
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }
}

/** What the thread says next. */
function answerOf(worker: Worker): Promise<Exclude<FromAttention, { type: 'failed' }>> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off('message', said).off('error', broke).off('exit', ended)
      act()
    }
    const said = (m: FromAttention) =>
      settle(() => (m.type === 'failed' ? reject(new Error(`sakt can't be asked: ${m.message}`)) : resolve(m)))
    const broke = (e: Error) => settle(() => reject(new Error(`The thread of sakt failed: ${e.message}`, { cause: e })))
    const ended = (code: number) => settle(() => reject(new Error(`The thread of sakt ended with code ${code}.`)))
    worker.on('message', said).on('error', broke).on('exit', ended)
  })
}
