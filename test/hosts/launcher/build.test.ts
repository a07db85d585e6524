import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const REPOSITORY = join(import.meta.dirname, '../../..')

/** Replaces electron-vite: writes an entry that refers to a chunk named after the source's content, or fails if the source asks for it. */
const BUILDER = `import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
const out = process.argv[process.argv.indexOf('--outDir') + 1]
appendFileSync('log', 'build\\n')
const source = readFileSync('src-main/source.ts', 'utf8').trim()
await new Promise((resolve) => setTimeout(resolve, 200))
if (source === 'broken') { console.error('Unexpected token'); process.exit(1) }
mkdirSync(join(out, 'main/chunks'), { recursive: true })
writeFileSync(join(out, 'main/chunks/' + source + '.js'), 'export default ' + JSON.stringify(source))
writeFileSync(join(out, 'main/cli.js'), 'export { default } from "./chunks/' + source + '.js"')
`

let root = ''

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'retrace-launcher-')))
  const packages = join(root, 'node_modules')
  mkdirSync(join(packages, 'electron-vite/bin'), { recursive: true })
  writeFileSync(join(packages, 'electron-vite/bin/electron-vite.js'), BUILDER)
  writeFileSync(join(packages, 'electron-vite/package.json'), '{"type":"module"}')
  for (const name of ['better-sqlite3', 'better-sqlite3-node20']) symlinkSync(join(REPOSITORY, 'node_modules', name), join(packages, name))
  for (const folder of ['src-main/hosts/launcher', 'src-main/sqlite'])
    cpSync(join(REPOSITORY, folder), join(root, folder), { recursive: true })
  write('first')
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

const write = (source: string): void => writeFileSync(join(root, 'src-main/source.ts'), source)
const builds = (): number => (existsSync(join(root, 'log')) ? readFileSync(join(root, 'log'), 'utf8').trim().split('\n').length : 0)

/** Launches like `npm run retrace`, up to the import of the built program; resolves with what that program exports. */
function launch(): Promise<{ status: number | null; output: string; errors: string }> {
  const program = `const { ensureBuilt } = await import('./src-main/hosts/launcher/build.mjs')
    const { main } = await import('./src-main/hosts/launcher/prepare.mjs')
    await main(async () => { await ensureBuilt(); console.log((await import('./out/main/cli.js')).default) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: root })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, output: output.trim(), errors })))
}

describe('launcher', () => {
  it('builds when a source is new, changed, added or removed, and not otherwise', async () => {
    expect(await launch()).toMatchObject({ status: 0, output: 'first' })
    expect((await launch()).output).toBe('first')
    expect(builds()).toBe(1)
    write('second')
    expect((await launch()).output).toBe('second')
    writeFileSync(join(root, 'src-main/other.ts'), '')
    await launch()
    expect(builds()).toBe(3)
    rmSync(join(root, 'src-main/other.ts'))
    await launch()
    expect(builds()).toBe(4)
  })

  it('builds once for several starts at once', async () => {
    const results = await Promise.all([launch(), launch(), launch()])
    expect(results.map((r) => [r.status, r.output, r.errors])).toEqual(Array(3).fill([0, 'first', '']))
    expect(builds()).toBe(1)
  })

  it('keeps the chunks of the build before, which a running program may still ask for', async () => {
    await launch()
    write('second')
    await launch()
    expect(existsSync(join(root, 'out/main/chunks/first.js'))).toBe(true)
  })

  it('says why a build failed, leaves the last one alone and builds again once it is mended', async () => {
    await launch()
    write('broken')
    const failed = await launch()
    expect(failed.status).toBe(1)
    expect(failed.errors).toMatch(/^retrace: The build failed.*\n.*Unexpected token/)
    expect(readFileSync(join(root, 'out/main/cli.js'), 'utf8')).toMatch(/first/)
    write('mended')
    expect((await launch()).output).toBe('mended')
  })
})
