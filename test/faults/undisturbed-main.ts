/**
 * Runs outcomes of importers through the embedded profile with nothing in the way, tenant after tenant, and prints what
 * gold then holds of each: what every fault is compared with. Beside the file of a school it leaves what was decided.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { Ingest } from '@mastery/cli/src/ingest.ts'
import { Pipeline } from '@mastery/cli/src/pipeline.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { openInstallation } from '@mastery/infra/runtime/installation.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { decisionsIn } from './decided.ts'
import { fingerprintsOf, parseFingerprints } from './gold-rows.ts'
import { type Outcomes, take } from './outcomes.ts'
import { prepareSchool } from './school.ts'

const installation = await openInstallation(loadProfile(process.env), SILENT)
const gold = await installation.openGold()
const pipeline = new Pipeline(installation, gold)
await pipeline.start()
const found: Record<string, unknown> = {}
const check = () => pipeline.check()
for (const file of process.argv.slice(2)) {
  const outcomes = deserialize(readFileSync(file)) as Outcomes
  const tenant = installation.secrets.tenants.find((t) => t.id === outcomes.tenant)!
  if (outcomes.school) await prepareSchool({ installation, gold, check }, tenant, outcomes.school)
  const ingest = new Ingest(installation, 'import')
  for (const o of outcomes.all) {
    take(ingest, outcomes.tenant, o)
    if (ingest.full) await ingest.flush()
  }
  ingest.tick(outcomes.newest)
  await ingest.finish()
  await drain(installation.log, installation.state, 0, () => {}, check)
  found[outcomes.tenant] = parseFingerprints(await gold.queryText(fingerprintsOf(outcomes.tenant), 'JSONEachRow'))
  if (outcomes.school)
    writeFileSync(
      `${file}.decided`,
      JSON.stringify(await decisionsIn(installation.log, installation.codec, outcomes.tenant)),
    )
}
process.stdout.write(JSON.stringify(found))
await pipeline.stop()
await gold.close()
await installation.close()
