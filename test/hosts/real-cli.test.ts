import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findHost } from '../../src-main/hosts/discovery.js'
import { openDriver } from '../../src-main/sqlite/driver.mjs'
import { APPLICATION_ID } from '../../src-main/storage/identity.js'
import { bundleProgram, start } from './programs/program.js'
import { temporaryFolder } from './temporary.js'

/** The command line as a process, with the real storage and the real networks. */
describe('the command line as a program', () => {
  let program: Awaited<ReturnType<typeof bundleProgram>>
  beforeAll(async () => {
    program = await bundleProgram('real-cli')
  })
  afterAll(() => program.remove())

  const run = async (...args: string[]): Promise<{ status: number | string; stdout: string; stderr: string }> => {
    const running = start(program.file, args)
    return { status: await running.ended, ...running.output() }
  }

  it('lists the presets as scripts want them', async () => {
    const { status, stdout, stderr } = await run('presets', '--json', '--home', temporaryFolder())
    expect(status).toBe(0)
    // The trainer program, which would measure this machine, is not next to this bundle.
    expect(stderr).toMatch(/^(Step times cannot be estimated: .*\n)?$/)
    const presets = JSON.parse(stdout) as { name: string; parameters: number; depth: number }[]
    expect(presets.find(({ name }) => name === 'hamiltonian-74')).toMatchObject({
      parameters: 431_978,
      paperParameters: 430_000,
      depth: 74,
    })
  })

  it.each([
    [['train', '--preset', 'hamiltonain-74', '--dataset', 'mnist'], /hamiltonian-74/],
    [['train', '--preset', 'hamiltonian-quick', '--dataset', 'minst'], /mnist/],
    [['runs', 'show', 'abcd1234'], /no run abcd1234/],
    [['datasets', 'import', 'nowhere'], /nowhere does not exist/],
  ])('answers %j with one line and status 1', async (args, message) => {
    const { status, stdout, stderr } = await run(...args, '--home', temporaryFolder())
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^retrace: .*\n$/)
    expect(stderr).toMatch(message)
  })

  it('refuses a database of a newer version and leaves it as it is', async () => {
    const home = temporaryFolder()
    const file = join(home, 'retrace.sqlite')
    const database = await openDriver(file)
    database.pragma('journal_mode = WAL')
    database.pragma('user_version = 999')
    database.pragma(`application_id = ${APPLICATION_ID}`)
    database.close()
    const before = readFileSync(file)
    const { status, stderr } = await run('runs', 'list', '--home', home)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^retrace: .*newer Retrace.*\n$/)
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  it('serves only where its page is built', async () => {
    const home = temporaryFolder()
    const server = start(program.file, ['serve', '--port', '0', '--home', home])
    // The page is not built next to this bundle, which is reported before the home is touched.
    expect(await server.ended).toBe(1)
    expect(server.output().stderr).toMatch(/^retrace: The page of the workbench is not built: .*npm run build/)
    expect(existsSync(join(home, 'retrace.sqlite'))).toBe(false)
    expect(await findHost(home)).toBeNull()
  })

  it('works side by side on one home without losing a command', async () => {
    const home = temporaryFolder()
    const results = await Promise.all([1, 2, 3].map(() => run('runs', 'list', '--json', '--home', home)))
    expect(results.map(({ status, stdout }) => [status, stdout])).toEqual([1, 2, 3].map(() => [0, '[]\n']))
    expect(statSync(join(home, 'retrace.sqlite')).isFile()).toBe(true)
  })
})
