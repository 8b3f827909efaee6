/**
 * Runs outcomes of importers through the embedded profile with nothing in the way, tenant after tenant, and prints what
 * gold then holds of each: what every fault is compared with.
 */
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { Ingest } from '@mastery/cli/src/ingest.ts'
import { Pipeline } from '@mastery/cli/src/pipeline.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { openInstallation } from '@mastery/infra/runtime/installation.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { fingerprintsOf, parseFingerprints } from './gold-rows.ts'
import { type Outcomes, take } from './outcomes.ts'

const tenants = process.argv.slice(2).map((file) => deserialize(readFileSync(file)) as Outcomes)
const installation = await openInstallation(loadProfile(process.env), SILENT)
const gold = await installation.openGold()
const pipeline = new Pipeline(installation, gold)
await pipeline.start()
const found: Record<string, unknown> = {}
for (const outcomes of tenants) {
  const ingest = new Ingest(installation, 'import')
  for (const o of outcomes.all) {
    take(ingest, outcomes.tenant, o)
    if (ingest.full) await ingest.flush()
  }
  ingest.tick(outcomes.newest)
  await ingest.finish()
  await drain(
    installation.log,
    installation.state,
    0,
    () => {},
    () => pipeline.check(),
  )
  found[outcomes.tenant] = parseFingerprints(await gold.queryText(fingerprintsOf(outcomes.tenant), 'JSONEachRow'))
}
process.stdout.write(JSON.stringify(found))
await pipeline.stop()
await gold.close()
await installation.close()
