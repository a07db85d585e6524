import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigTableBuilder, configLeaves, packRuns, unpackRuns } from '../../src-main/contract/run-table.js'
import type { RunConfig } from '../../src-main/contract/config.js'
import { sampleSummary } from '../fixtures/records.js'

const leaf = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.integer())
const config = fc.dictionary(
  fc.constantFrom('h', 'seed', 'arch', 'momentum'),
  fc.oneof(leaf, fc.dictionary(fc.constantFrom('pad', 'flip'), leaf)),
)

describe('tables of runs', () => {
  it('keep every value of a row, whatever the metrics are', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.dictionary(
            fc.string().filter((key) => key !== '__proto__'),
            fc.double(),
          ),
        ),
        (all) => {
          const runs = all.map((latest, i) => sampleSummary(`run${i}`, { latest: { ...latest } }))
          const found = unpackRuns(packRuns(runs))
          // JSON writes -0 as 0, and preserves everything else.
          const plain = JSON.parse(JSON.stringify(runs)) as typeof runs
          runs.forEach(({ latest }, i) => {
            for (const key in latest) if (!Number.isFinite(latest[key])) plain[i]!.latest[key] = latest[key]!
          })
          expect(found).toEqual(plain)
        },
      ),
    )
  })

  it('tell of each run what each leaf of its configuration is, and of no other', () => {
    fc.assert(
      fc.property(fc.array(config), (made) => {
        // As stored: JSON has no -0.
        const configs = JSON.parse(JSON.stringify(made)) as typeof made
        const builder = new ConfigTableBuilder()
        configs.forEach((each, i) => builder.add(`run${i}`, each as unknown as RunConfig))
        const table = builder.table()
        expect(table.ids).toEqual(configs.map((_, i) => `run${i}`))
        configs.forEach((each, i) => {
          const told = table.columns.flatMap(({ key, values, codes }) => {
            const code = codes ? codes[i]! : 0
            return code < 0 ? [] : [[key, values[code]]]
          })
          expect(Object.fromEntries(told)).toEqual(Object.fromEntries(configLeaves(each)))
        })
      }),
    )
  })
})
