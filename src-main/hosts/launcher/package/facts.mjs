/** The description of the program in every package of every system: the single configuration of `npm run package`. */
export const PROGRAM = {
  name: 'retrace',
  title: 'Retrace',
  /** Identifies the program to macOS and Windows; it must never change. */
  id: 'io.github.retrace.workbench',
  description: 'A workbench for research on reversible residual networks',
  category: 'Science',
}

/**
 * The maintainer of a package: the author in package.json, as text or as an object. A package must not contain an address that nobody
 * reads.
 * @param {{ author?: string | { name?: string, email?: string } }} manifest
 * @returns {string} `NAME <ADDRESS>`
 */
export function maintainerOf({ author }) {
  const text = typeof author === 'object' ? `${author.name ?? ''} <${author.email ?? ''}>` : (author ?? '')
  if (/^[^<>]*[^<>\s] <[^<>@\s]+@[^<>@\s]+>$/.test(text)) return text
  throw new Error(
    'package.json names no author with an e-mail address, whom a Debian package names as its maintainer. Add "author": "NAME <ADDRESS>" to it, or make the tree alone with --targets dir.',
  )
}

/** Run archives, which the program opens. */
export const ARCHIVE = { ending: 'retrace', mime: 'application/x-retrace-run', title: 'Retrace run' }

/** Sides of the icons, in pixels. */
export const ICON_SIZES = [16, 24, 32, 48, 64, 128, 256, 512]

/** The executable; `retrace` itself is the command. */
export const EXECUTABLE = 'retrace-desktop'

/**
 * Electron fuses, which are set in its binary. Retrace runs Electron as Node in child processes, so only that fuse stays enabled; nobody
 * may load other code or open a debugger with an environment variable or an argument, and pages of `file:` have no more rights than in a browser.
 */
export const FUSES = {
  RunAsNode: true,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: false,
  EnableEmbeddedAsarIntegrityValidation: false,
  OnlyLoadAppFromAsar: false,
  LoadBrowserProcessSpecificV8Snapshot: false,
  GrantFileProtocolExtraPrivileges: false,
}

/** The fuses as command-line arguments for `@electron/fuses`, which accepts only these names. */
export const fuseArguments = () => Object.entries(FUSES).map(([name, on]) => `${name}=${on ? 'on' : 'off'}`)

/**
 * Options of electron-builder for the targets whose tools have to be downloaded (AppImage, dmg, nsis). It gets the finished tree
 * (`--prepackaged`), so that files are collected only once.
 * @param {string} output
 */
export const builderOptions = (output) => ({
  appId: PROGRAM.id,
  productName: PROGRAM.title,
  directories: { output },
  npmRebuild: false,
  // Worker threads and child processes start from files, which Electron does not read reliably from an archive.
  asar: false,
  fileAssociations: [{ ext: ARCHIVE.ending, name: ARCHIVE.title, mimeType: ARCHIVE.mime, role: 'Editor' }],
  linux: { target: ['AppImage'], category: PROGRAM.category, executableName: EXECUTABLE },
  mac: {
    target: ['dmg'],
    category: 'public.app-category.education',
    hardenedRuntime: true,
    // V8 compiles at run time, and the library downloaded by set-up is signed by others.
    entitlements: 'resources/entitlements.plist',
    entitlementsInherit: 'resources/entitlements.plist',
  },
  win: { target: ['nsis'] },
})
