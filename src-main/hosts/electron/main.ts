import { keepToOwner } from '../../durable/own-files.js'
import { app, BrowserWindow, dialog, ipcMain, Menu, powerMonitor, protocol, screen, session, shell, Tray } from 'electron'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeFailure } from '../failure.js'
import { chooseHome, userPath } from '../home.js'
import { parsePort } from '../options.js'
import { programRoot } from '../../processes/installation.js'
import { onEndRequest } from '../../processes/end-request.js'
import { backendOpener } from '../wire.js'
import { archivesIn } from './desktop.js'
import { runShell } from './shell.js'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

async function main(): Promise<number> {
  keepToOwner()
  // Unknown arguments are allowed, because they include Chromium's own switches.
  const { values } = parseArgs({
    args: process.argv.slice(2),
    strict: false,
    options: { home: { type: 'string' }, port: { type: 'string' }, exports: { type: 'string' } },
  })
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  return runShell(
    { app, BrowserWindow, dialog, ipcMain, Menu, powerMonitor, protocol, screen, session, shell, Tray },
    {
      home: chooseHome(text(values.home)),
      port: parsePort(text(values.port)),
      exports: text(values.exports) === undefined ? undefined : userPath(text(values.exports)!),
      openBackend: backendOpener({ trainerEntry: at('./trainer.js'), importerEntry: at('./import-process.js') }),
      page: at('../renderer'),
      icon: join(programRoot(), 'resources', 'icon.png'),
      files: archivesIn(process.argv.slice(1), process.cwd()),
      preload: at('../preload/preload.cjs'),
      end: new Promise((resolve) => onEndRequest(resolve)),
      note: (line) => console.error(line),
    },
  )
}

main().then(
  (status) => app.exit(status),
  (error: unknown) => {
    console.error(describeFailure(error))
    app.exit(1)
  },
)
