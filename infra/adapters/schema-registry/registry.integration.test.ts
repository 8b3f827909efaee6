import { schemaVersions } from '@mastery/schemas/src/subjects.ts'
import { registryContract } from '@mastery/topology/testing/registry-contract.ts'
import { describe, expect, it } from 'vitest'
import { compatibilityOf, openCodec, registryClient } from './registry.ts'

const url = process.env['MASTERY_TEST_REGISTRY']

if (url === undefined)
  describe('a real registry', () => {
    it.skip('not run: no schema registry (MASTERY_TEST_REGISTRY unset)')
  })
else {
  registryContract('a real one', () => openCodec({ url }))

  describe('compatibility at a real registry', () => {
    it('is set per subject, and an incompatible version is refused', async () => {
      await openCodec({ url })
      const client = registryClient(url)
      const name = 'org.masterystream.v1.FeatureRecord'
      expect(await client.getCompatibility(name)).toBe(compatibilityOf('feature-record'))
      const schema = JSON.parse(schemaVersions('feature-record').at(-1)!.text) as { fields: unknown[] }
      schema.fields.push({ name: 'without_default', type: 'string' })
      await expect(
        client.register(name, { schemaType: 'AVRO', schema: JSON.stringify(schema) }, false),
      ).rejects.toThrow()
    })
  })

  describe('a registry that is not there', () => {
    it('is named in the error', async () => {
      await expect(openCodec({ url: 'http://127.0.0.1:9', retryMs: 20 })).rejects.toThrow(/could not be registered/)
    }, 60_000)
  })
}
