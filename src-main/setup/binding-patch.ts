import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SetupFailure } from './failure.js'

const FILE = join('binding', 'tfjs_backend.cc')
const BEFORE = 'TF_SessionOptions *session_options = TF_NewSessionOptions();'

/**
 * ConfigProto { graph_options { optimizer_options { opt_level: L0 } rewrite_options { disable_meta_optimizer: true } } }.
 * The compiled step is recorded in its final form; TensorFlow's graph optimizers would change nothing, as every node is ordered, and
 * took 27 s and 10 KiB a node at 144 units.
 */
const CONFIG = [
  [0x52, 0x12],
  [0x1a, 0x0b, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x52, 0x03, 0x98, 0x01, 0x01],
].flat()

const AFTER = `${BEFORE}
  TF_AutoStatus config_status;
  static const unsigned char session_config[] = {${CONFIG.join(', ')}};
  TF_SetConfig(session_options, session_config, sizeof(session_config), config_status.status);
  ENSURE_TF_OK_RETVAL(env, config_status, nullptr);`

/** What the patch depends on, for the cache key of a build. */
export const PATCH_KEY = AFTER

/** The binding loads SavedModels with TensorFlow's default settings and offers no others; this gives the sessions ours. */
export async function patchBinding(folder: string): Promise<void> {
  const file = join(folder, FILE)
  const source = await readFile(file, 'utf8')
  if (source.split(BEFORE).length !== 2)
    throw new SetupFailure('build', `${FILE} of the tfjs package does not match the expected version.`, 'Run `npm ci` to reinstall it.')
  await writeFile(file, source.replace(BEFORE, AFTER))
}
