import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildInto } from './build.mjs'
import { builderOptions, EXECUTABLE, fuseArguments, maintainerOf, PROGRAM } from './package/facts.mjs'
import { makeDeb } from './package/deb.mjs'
import { bytesOf, makeTree } from './package/tree.mjs'
import { main, prepare, tell } from './prepare.mjs'
import { ROOT } from './root.mjs'

const TARGETS = ['dir', 'deb', 'AppImage', 'dmg', 'nsis']
const { values: options } = parseArgs({
  options: {
    targets: { type: 'string', default: process.platform === 'linux' ? 'dir,deb' : 'dir' },
    'electron-dist': { type: 'string' },
    output: { type: 'string', default: join(ROOT, 'out', 'package') },
  },
})

/** The folder of Electron's files: the one given, otherwise the download of its npm package; null if there is none. */
function electronFolder() {
  const named = options['electron-dist']
  const folder = named === undefined ? join(ROOT, 'node_modules/electron/dist') : resolve(named)
  const binary = join(folder, process.platform === 'win32' ? 'electron.exe' : process.platform === 'darwin' ? 'Electron.app' : 'electron')
  if (existsSync(binary)) return folder
  if (named !== undefined) throw new Error(`${folder} holds no Electron for this system.`)
  return null
}

/**
 * Runs a tool that is only installed where such packages are built.
 * @param {string} tool
 * @param {string} why
 * @param {string[]} args
 */
function runTool(tool, why, args) {
  const script = join(ROOT, 'node_modules/.bin', tool)
  if (!existsSync(script))
    throw new Error(
      `${why} needs ${tool}, which is not among the dependencies. Run \`npm install --no-save ${tool === 'electron-fuses' ? '@electron/fuses' : tool}\` first.`,
    )
  const { status } = spawnSync(script, args, { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${tool} failed (status ${status}).`)
}

await main(async () => {
  const targets = options.targets.split(',')
  const unknown = targets.find((target) => !TARGETS.includes(target))
  if (unknown !== undefined) throw new Error(`${unknown} is no target. Targets are ${TARGETS.join(', ')}.`)
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const { version } = manifest
  // Checked before any step that takes minutes.
  const maintainer = targets.includes('deb') ? maintainerOf(manifest) : ''
  const electron = electronFolder()
  const output = resolve(options.output)
  const work = join(output, '.work')
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  try {
    const { setup } = await prepare({ skip: ['electron'] })
    // Set-up restricts its files to the user, but a package is for everyone.
    process.umask(0o022)
    const [build, bindings] = [join(work, 'build'), join(work, 'bindings')]
    tell('building ...')
    await buildInto(build)
    await mkdir(bindings)
    // Users of the package have no compiler, so it includes the binding that set-up built here.
    if (!(await setup.shipOwnBinding(bindings))) tell('The native engine is not set up here, so the package brings none along.')
    const system = `${process.platform}-${process.arch}${electron === null ? '-no-electron' : ''}`
    const tree = join(output, `${PROGRAM.name}-${version}-${system}`)
    tell('collecting files ...')
    await makeTree({ root: ROOT, build, bindings, electron, folder: tree })
    tell(`${tree}  (${Math.round((await bytesOf(tree)) / 2 ** 20)} MiB)`)
    if (electron === null) tell('Electron was not found (--electron-dist FOLDER), so the package lacks it and is named so.')
    else
      runTool('electron-fuses', 'Setting fuses', [
        'write',
        '--app',
        join(tree, process.platform === 'win32' ? `${EXECUTABLE}.exe` : EXECUTABLE),
        ...fuseArguments(),
      ])
    for (const target of targets) {
      if (target === 'deb') tell(await makeDeb({ tree, stage: join(work, 'deb'), output, version, maintainer, whole: electron !== null }))
      if (!['AppImage', 'dmg', 'nsis'].includes(target)) continue
      if (electron === null) throw new Error(`${target} needs Electron. Name its folder with --electron-dist.`)
      const config = join(work, 'builder.json')
      await writeFile(config, JSON.stringify(builderOptions(output)))
      const flag = { AppImage: '--linux', dmg: '--mac', nsis: '--win' }[/** @type {'AppImage' | 'dmg' | 'nsis'} */ (target)]
      runTool('electron-builder', `A package for ${target}`, [
        flag,
        target,
        '--prepackaged',
        tree,
        '--config',
        config,
        '--publish',
        'never',
      ])
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
})
