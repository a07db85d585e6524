import { join } from 'node:path'
import { ensureBuilt } from '../../../src-main/hosts/launcher/build.mjs'

const ROOT = join(import.meta.dirname, '../../..')

/** The built workbench, brought up to date with its sources first; or one built elsewhere, which RETRACE_BUILD names. */
export async function builtWorkbench(): Promise<{ server: string; cli: string; page: string }> {
  const other = process.env['RETRACE_BUILD']
  if (!other) await ensureBuilt()
  const out = other ?? join(ROOT, 'out')
  return { server: join(out, 'main/server.js'), cli: join(out, 'main/cli.js'), page: join(out, 'renderer') }
}
