/** What every package of every system says of the program: the one configuration of `npm run package`. */
export const PROGRAM = {
  name: 'retrace',
  title: 'Retrace',
  /** Identifies the program to macOS and Windows, for good. */
  id: 'io.github.retrace.workbench',
  description: 'A workbench for research on reversible residual networks',
  category: 'Science',
  maintainer: 'The Retrace authors <retrace@localhost>',
}

/** Archives of runs, which the program opens. */
export const ARCHIVE = { ending: 'retrace', mime: 'application/x-retrace-run', title: 'Retrace run' }

/** Sides of the icons, in pixels. */
export const ICON_SIZES = [16, 24, 32, 48, 64, 128, 256, 512]

/** The executable; `retrace` itself is the command. */
export const EXECUTABLE = 'retrace-desktop'

/**
 * Settings of Electron that are burnt into its binary. A program of ours runs as Node in child processes, so that alone stays on; nobody
 * may have it load other code, or open a debugger, by a variable or an argument.
 */
export const FUSES = {
  runAsNode: true,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableCookieEncryption: true,
  onlyLoadAppFromAsar: false,
  enableEmbeddedAsarIntegrityValidation: false,
}

/**
 * Options of electron-builder for the targets whose tools have to be fetched (AppImage, dmg, nsis). It gets the finished tree
 * (`--prepackaged`), so that nothing is collected twice.
 * @param {string} output
 */
export const builderOptions = (output) => ({
  appId: PROGRAM.id,
  productName: PROGRAM.title,
  directories: { output },
  npmRebuild: false,
  // Worker threads and child processes start from files, which Electron does not read out of an archive reliably.
  asar: false,
  fileAssociations: [{ ext: ARCHIVE.ending, name: ARCHIVE.title, mimeType: ARCHIVE.mime, role: 'Editor' }],
  linux: { target: ['AppImage'], category: PROGRAM.category, executableName: EXECUTABLE },
  mac: {
    target: ['dmg'],
    category: 'public.app-category.education',
    hardenedRuntime: true,
    // V8 compiles at run time, and the library that set-up downloads is signed by others.
    entitlements: 'resources/entitlements.plist',
    entitlementsInherit: 'resources/entitlements.plist',
  },
  win: { target: ['nsis'] },
})
