import { TransientError } from '@mastery/topology/ports/failure.ts'

/** Answers of a server that works again later, with what an operator does if it does not. */
const PASSING: Readonly<Record<string, string>> = {
  LOADING: 'It loads its data after a start; this passes by itself.',
  READONLY: 'It is a replica. After a failover point the URL at the new primary.',
  MASTERDOWN: 'It is a replica without its primary. Bring the primary back, or fail over.',
  NOREPLICAS: 'It has too few replicas to take writes (min-replicas-to-write). Bring them back.',
  OOM: 'Its memory is used up and it refuses writes, as it must. Raise maxmemory or free memory.',
  MISCONF: 'It can no longer persist and refuses writes. Look at its disk and its log.',
  BUSY: 'A script has blocked it. It passes when the script ends; SCRIPT KILL ends one that has written nothing.',
  CLUSTERDOWN: 'The cluster does not cover all slots. Bring the missing node back.',
  TRYAGAIN: 'Slots are being moved; this passes by itself.',
}

const CONNECTION =
  /Connection is closed|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|Command timed out|Socket timeout|max retries per request|Stream isn't writeable/i

/** A TransientError where the failure passes, else an Error. Both say what failed and what to do. */
export function redisFailure(error: unknown, what: string, where: string): Error {
  const e = error as Error
  const [code = ''] = e.message.replace(/^ERR Error running script.*?@user_script:\s*\d+:\s*/, '').split(/[\s:]/)
  const advice =
    PASSING[code.replace(/^-/, '')] ?? (/\bOOM command not allowed/.test(e.message) ? PASSING['OOM'] : null)
  if (advice) return new TransientError(`Redis at ${where} refused to ${what}: ${e.message} ${advice}`, { cause: e })
  if (e.name === 'MaxRetriesPerRequestError' || CONNECTION.test(e.message)) {
    const why = e.name === 'MaxRetriesPerRequestError' ? 'there is no connection' : e.message.replace(/\.$/, '')
    return new TransientError(
      `Redis at ${where} could not be reached to ${what}: ${why}. Check that it runs and that its address is right.`,
      { cause: e },
    )
  }
  if (/^(NOAUTH|WRONGPASS|NOPERM)/.test(e.message))
    return new Error(
      `Redis at ${where} does not let us ${what}: ${e.message} Give the user and password in the URL, and the user the rights to hashes and EVALSHA.`,
      { cause: e },
    )
  return new Error(`Redis at ${where} failed to ${what}: ${e.message}`, { cause: e })
}
