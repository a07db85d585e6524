import { join } from 'node:path'
import { ensureBuilt } from '../../../src-main/hosts/launcher/build.mjs'

const ROOT = join(import.meta.dirname, '../../..')

/** The built workbench, after updating the build; or another build, given by RETRACE_BUILD. */
export async function builtWorkbench(): Promise<{ server: string; cli: string; page: string }> {
  const other = process.env['RETRACE_BUILD']
  if (!other) await ensureBuilt()
  const out = other ?? join(ROOT, 'out')
  return { server: join(out, 'main/server.js'), cli: join(out, 'main/cli.js'), page: join(out, 'renderer') }
}
