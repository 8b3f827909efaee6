import { describe, expect, it } from 'vitest'
import { ConfigError, loadProfile } from './profile.ts'

describe('times that differ per installation', () => {
  it.each([
    ['KAFKA_SESSION_TIMEOUT_MS', 'sessionTimeoutMs', 6_000, 1_800_000],
    ['JOBS_LOCK_MS', 'jobLockMs', 5_000, 600_000],
  ] as const)('takes %s within its limits, and refuses all else by its name', (name, field, least, most) => {
    expect(loadProfile({})[field]).toBe(30_000)
    expect(loadProfile({ [name]: '' })[field]).toBe(30_000)
    for (const good of [least, most]) expect(loadProfile({ [name]: String(good) })[field]).toBe(good)
    for (const bad of [String(least - 1), String(most + 1), '7e3.5', '10s', '6000.5']) {
      expect(() => loadProfile({ [name]: bad })).toThrow(ConfigError)
      expect(() => loadProfile({ [name]: bad })).toThrow(`${name} is "${bad}"`)
    }
  })
})
