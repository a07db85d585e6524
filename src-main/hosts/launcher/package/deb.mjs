import { execFile } from 'node:child_process'
import { chmod, copyFile, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ARCHIVE, EXECUTABLE, ICON_SIZES, PROGRAM } from './facts.mjs'
import { bytesOf } from './tree.mjs'

const run = promisify(execFile)

/** The libraries that Electron's binary is linked with, by their package names in Debian and Ubuntu. */
const LIBRARIES = 'libgtk-3-0t64 | libgtk-3-0, libnss3, libasound2t64 | libasound2, libgbm1, libxss1, libnotify4, xdg-utils'
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' }

const DESKTOP = `[Desktop Entry]
Type=Application
Name=${PROGRAM.title}
Comment=${PROGRAM.description}
Exec=/usr/lib/${PROGRAM.name}/${EXECUTABLE} %F
Icon=${PROGRAM.name}
Terminal=false
Categories=${PROGRAM.category};Education;
MimeType=${ARCHIVE.mime};
StartupWMClass=${PROGRAM.title}
`
const MIME = `<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="${ARCHIVE.mime}">
    <comment>${ARCHIVE.title}</comment>
    <glob pattern="*.${ARCHIVE.ending}.tar.gz" weight="60"/>
    <glob pattern="*.${ARCHIVE.ending}"/>
  </mime-type>
</mime-info>
`
/** Allows Chromium's sandbox to create user namespaces where Ubuntu restricts them. */
const APPARMOR = `abi <abi/4.0>,
include <tunables/global>
profile ${PROGRAM.name} "/usr/lib/${PROGRAM.name}/${EXECUTABLE}" flags=(unconfined) {
  userns,
}
`
const AFTER_INSTALL = `#!/bin/sh
set -e
sandbox=/usr/lib/${PROGRAM.name}/chrome-sandbox
if [ -e "$sandbox" ]; then chown root:root "$sandbox" && chmod 4755 "$sandbox"; fi
if [ "$1" = configure ] && command -v apparmor_parser >/dev/null && apparmor_parser --skip-kernel-load --debug /etc/apparmor.d/${PROGRAM.name} >/dev/null 2>&1; then
  apparmor_parser --replace --write-cache --skip-read-cache /etc/apparmor.d/${PROGRAM.name} || true
fi
`

/**
 * @param {string} path
 * @param {string} text
 */
async function put(path, text, mode = 0o644) {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await chmod(path, mode)
}

/**
 * Makes a Debian package of a tree, using only `dpkg-deb`.
 * @param {{ tree: string, stage: string, output: string, version: string, maintainer: string, whole: boolean }} options `whole`: the tree contains Electron;
 *   `stage` is an empty folder, `output` the folder of the package
 * @returns {Promise<string>} path of the package
 */
export async function makeDeb({ tree, stage, output, version, maintainer, whole }) {
  const architecture = ARCHITECTURES[/** @type {'x64' | 'arm64'} */ (process.arch)]
  if (architecture === undefined) throw new Error(`There is no Debian package for ${process.arch}.`)
  const name = whole ? PROGRAM.name : `${PROGRAM.name}-no-electron`
  const installed = join(stage, 'usr/lib', PROGRAM.name)
  await mkdir(dirname(installed), { recursive: true })
  await cp(tree, installed, { recursive: true, verbatimSymlinks: true })
  await mkdir(join(stage, 'usr/bin'), { recursive: true })
  await symlink(`../lib/${PROGRAM.name}/retrace`, join(stage, 'usr/bin/retrace'))
  const kilobytes = Math.ceil((await bytesOf(installed)) / 1024)
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Section: science',
    'Priority: optional',
    `Installed-Size: ${kilobytes}`,
    `Maintainer: ${maintainer}`,
    `Depends: ${whole ? LIBRARIES : 'nodejs (>= 22)'}`,
    ...(whole ? [] : [`Conflicts: ${PROGRAM.name}`]),
    `Description: ${PROGRAM.description}`,
    whole
      ? ' Trains, watches and compares networks of which every layer can be inverted.'
      : ' The command line and the local server alone: this package lacks Electron.',
    '',
  ].join('\n')
  await put(join(stage, 'DEBIAN/control'), control)
  await put(join(stage, 'DEBIAN/postinst'), AFTER_INSTALL, 0o755)
  if (whole) {
    await put(join(stage, 'usr/share/applications/retrace.desktop'), DESKTOP)
    await put(join(stage, 'usr/share/mime/packages/retrace.xml'), MIME)
    await put(join(stage, 'etc/apparmor.d', PROGRAM.name), APPARMOR)
    await put(join(stage, 'DEBIAN/conffiles'), `/etc/apparmor.d/${PROGRAM.name}\n`)
    for (const size of ICON_SIZES) {
      const icon = join(stage, `usr/share/icons/hicolor/${size}x${size}/apps/retrace.png`)
      await mkdir(dirname(icon), { recursive: true })
      await copyFile(join(tree, 'resources/icons', `${size}.png`), icon)
    }
  }
  await put(join(stage, `usr/share/doc/${name}/copyright`), await readFile(join(tree, 'resources/app/LICENSE'), 'utf8'))
  const file = join(output, `${name}_${version}_${architecture}.deb`)
  // Fastest gzip compression: xz took minutes on two cores and saved only a fifth.
  await run('dpkg-deb', ['-Zgzip', '-z1', '--root-owner-group', '--build', stage, file])
  return file
}
