import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { loadProfile } from '../config/profile.ts'
import { openInstallation } from './installation.ts'

const dir = mkdtempSync(join(tmpdir(), 'mastery-installation-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('an installation', () => {
  it('is not opened with another number of partitions than its log has, which would hide new records', async () => {
    const profile = loadProfile({ MASTERY_PROFILE: 'embedded' }, { data: dir })
    await (await openInstallation(profile, SILENT)).close()
    const other = { ...profile, partitions: profile.partitions * 2 }
    await expect(openInstallation(other, SILENT)).rejects.toThrow(
      /has 4 partitions, and configs\/profiles\/embedded.json says 8.*back to 4.*replay --partitions/s,
    )
  })
})
