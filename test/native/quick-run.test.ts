import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { selectEngine } from '../../src-main/engine/select.js'
import { builtWorkbench } from '../e2e/support/built.js'
import { removeFolder } from '../fixtures/home.js'

const run = promisify(execFile)

interface Result {
  status: string
  testAccuracy: number
  weightsHash: string
}

/**
 * The command in the README with an eighth of its steps, so that it takes seconds; docs/results.md has the complete run and its control. A
 * real trainer process on the real digits: its accuracy has a lower bound far above chance, and far above what stem and head reach alone.
 */
describe.skipIf(selectEngine().engine !== 'native')('hamiltonian-quick on the digits', () => {
  let home: string
  let cli: string
  beforeAll(async () => {
    cli = (await builtWorkbench()).cli
    home = mkdtempSync(join(tmpdir(), 'retrace-quick-'))
  }, 120_000)
  afterAll(() => removeFolder(home))

  const train = async (...options: string[]): Promise<Result> => {
    const command = [cli, 'train', '--preset', 'hamiltonian-quick', '--dataset', 'mnist', '--steps', '80', '--json', '--home', home]
    const { stdout } = await run(process.execPath, [...command, ...options])
    return JSON.parse(stdout) as Result
  }

  it('learns in one epoch what stem and head cannot: with frozen stages it reaches less', async () => {
    const trained = await train()
    const control = await train('--set', 'frozenStages=true')
    expect([trained.status, control.status]).toEqual(['finished', 'finished'])
    expect(trained.testAccuracy).toBeGreaterThan(0.7)
    expect(control.testAccuracy).toBeGreaterThan(0.2)
    expect(control.testAccuracy).toBeLessThan(trained.testAccuracy - 0.1)
  })
})
