import { execFile } from 'node:child_process'
import { chmod, copyFile, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { filesOf, isLoaded, loadedPackages } from './contents.mjs'
import { EXECUTABLE, ICON_SIZES, PROGRAM } from './facts.mjs'

const run = promisify(execFile)

/** The command-line launcher: uses Electron's binary as Node or, in a tree without it, the machine's Node. */
const COMMAND = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
if [ -x "$here/${EXECUTABLE}" ]; then
  ELECTRON_RUN_AS_NODE=1 exec "$here/${EXECUTABLE}" "$here/resources/app/out/main/cli.js" "$@"
fi
exec node "$here/resources/app/out/main/cli.js" "$@"
`
const COMMAND_WINDOWS = `@echo off\r\nset ELECTRON_RUN_AS_NODE=1\r\n"%~dp0${EXECUTABLE}.exe" "%~dp0resources\\app\\out\\main\\cli.js" %*\r\n`

/**
 * @param {string} from
 * @param {string} to
 */
async function copyOne(from, to) {
  await mkdir(dirname(to), { recursive: true })
  await copyFile(from, to)
}

/**
 * Copies the program itself to where Electron finds it, `resources/app`.
 * @param {{ root: string, build: string, bindings: string, app: string }} places the checkout, a fresh build, bindings to include, and the
 *   folder to create
 */
async function makeApp({ root, build, bindings, app }) {
  /** @type {{ files: string[] }} */
  const { files } = JSON.parse(await readFile(join(build, 'build.json'), 'utf8'))
  for (const file of files) if (!file.endsWith('.map')) await copyOne(join(build, file), join(app, 'out', file))
  await copyOne(join(build, 'build.json'), join(app, 'out', 'build.json'))
  const system = `${process.platform}-${process.arch}`
  for (const folder of loadedPackages(root)) {
    const name = folder.slice('node_modules/'.length)
    // A nested package is judged by its own name.
    const own = name.slice(name.lastIndexOf('node_modules/') === -1 ? 0 : name.lastIndexOf('node_modules/') + 'node_modules/'.length)
    for (const file of filesOf(join(root, folder)))
      if (isLoaded(`${own}/${file}`, system)) await copyOne(join(root, folder, file), join(app, folder, file))
  }
  await cp(bindings, join(app, 'resources', 'bindings'), { recursive: true })
  await cp(join(root, 'resources', 'examples'), join(app, 'resources', 'examples'), { recursive: true })
  await copyOne(join(root, 'resources', 'icon.png'), join(app, 'resources', 'icon.png'))
  for (const name of ['LICENSE', 'THIRD-PARTY-NOTICES', 'CHANGELOG.md', 'CITATION.cff']) await copyOne(join(root, name), join(app, name))
  const { version, license, type, main, description } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const manifest = { name: PROGRAM.name, productName: PROGRAM.title, version, description, license, type, main, private: true }
  await writeFile(join(app, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

/**
 * Writes icons of all sizes as `SIZE.png`.
 * @param {string} root
 * @param {string} folder
 */
async function makeIcons(root, folder) {
  const { default: sharp } = await import('sharp')
  await mkdir(folder, { recursive: true })
  for (const size of ICON_SIZES)
    await sharp(join(root, 'resources', 'icon.svg'), { density: (72 * size) / 64 })
      .resize(size, size)
      .png()
      .toFile(join(folder, `${size}.png`))
}

/**
 * Makes the complete program: Electron's files with the program inside, and next to them the command `retrace`.
 * @param {{ root: string, build: string, bindings: string, electron: string | null, folder: string }} places `electron` is the folder of
 *   Electron's files; null makes a tree without them
 */
export async function makeTree({ root, build, bindings, electron, folder }) {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  if (electron !== null) {
    await cp(electron, folder, { recursive: true, verbatimSymlinks: true })
    await rm(join(folder, 'resources', 'default_app.asar'), { force: true })
    const windows = process.platform === 'win32' ? '.exe' : ''
    await rename(join(folder, `electron${windows}`), join(folder, `${EXECUTABLE}${windows}`))
  }
  await makeApp({ root, build, bindings, app: join(folder, 'resources', 'app') })
  await makeIcons(root, join(folder, 'resources', 'icons'))
  if (process.platform === 'win32') await writeFile(join(folder, 'retrace.cmd'), COMMAND_WINDOWS)
  else {
    await writeFile(join(folder, 'retrace'), COMMAND)
    await chmod(join(folder, 'retrace'), 0o755)
    await openToAll(folder)
  }
}

/**
 * Makes files readable for everyone, because a checkout may restrict them to its owner.
 * @param {string} folder
 */
async function openToAll(folder) {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await chmod(path, 0o755)
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644)
  }
}

/**
 * Total size of a folder in bytes.
 * @param {string} folder
 */
export async function bytesOf(folder) {
  const { stdout } = await run('du', ['-sk', folder])
  return Number(stdout.split('\t')[0]) * 1024
}
