import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { replaceTextSync } from '../../durable/replace-file.js'
import { explainDiskError } from '../../storage/disk-errors.js'

const fileOf = (home: string): string => join(home, 'window.html')

/**
 * Writes a page that redirects a browser to an address with a ticket. The browser gets the page's path as its argument, because every user
 * of the machine can read arguments, but only this user can read the page. Its name stays the same, because Chromium remembers a window's
 * position by it.
 * @returns the page's own address, without a secret
 */
export function writeWindowPage(home: string, address: string): string {
  const file = fileOf(home)
  const page = `<!doctype html>
<meta charset="utf-8" />
<meta name="referrer" content="no-referrer" />
<meta http-equiv="refresh" content="0; url=${address}" />
<title>Retrace</title>
<a href="${address}">Open the workbench</a>
`
  try {
    replaceTextSync(file, page, { mode: 0o600 })
  } catch (error) {
    throw explainDiskError(error, file)
  }
  return pathToFileURL(file).href
}

/** Removes the page; its ticket is spent or expired by then. */
export function removeWindowPage(home: string): void {
  rmSync(fileOf(home), { force: true })
}
