import { readFileSync } from 'node:fs'
import { KIND_FIELDS } from '@mastery/topology/alerts/kind-fields.ts'
import { KINDS } from '@mastery/topology/alerts/policy.ts'
import { WATCH_FIELDS } from '@mastery/topology/alerts/watch-fields.ts'
import { WATCH_KINDS } from '@mastery/topology/alerts/watch-rule.ts'
import { describe, expect, it } from 'vitest'
import { PAGE, pageWith, reference } from './alert-reference.ts'

describe("the page on alerts' rules", () => {
  const page = readFileSync(PAGE, 'utf8')

  it('is up to date: else run "npx node infra/config/alert-reference.ts"', () => {
    expect(page).toBe(pageWith(page))
  })

  it('has every kind with every field of its own', () => {
    for (const kind of KINDS) {
      const section = reference().split(`### ${kind}\n`)[1]!.split('\n#')[0]!
      for (const f of KIND_FIELDS[kind].fields) expect(section).toContain(`| \`${f.name}\` |`)
    }
    for (const kind of WATCH_KINDS) {
      const section = reference().split(`### ${kind}\n`)[1]!.split('\n#')[0]!
      for (const f of WATCH_FIELDS[kind].fields) expect(section).toContain(`| \`${f.name}\` |`)
    }
  })
})
