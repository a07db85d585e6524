import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AFTER, BEFORE } from '../engine/binding-source.js'
import { reinstall } from '../processes/installation.js'
import { SetupFailure } from './failure.js'

const FILE = join('binding', 'tfjs_backend.cc')

/** The binding loads SavedModels with TensorFlow's default settings and offers no others; the patch applies ours to its sessions. */
export async function patchBinding(folder: string): Promise<void> {
  const file = join(folder, FILE)
  const source = await readFile(file, 'utf8')
  if (source.split(BEFORE).length !== 2)
    throw new SetupFailure('build', `${FILE} of the tfjs package does not match the expected version.`, reinstall())
  await writeFile(file, source.replace(BEFORE, AFTER))
}
