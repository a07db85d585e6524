import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The line of `binding/tfjs_backend.cc` that is replaced. */
export const BEFORE = 'TF_SessionOptions *session_options = TF_NewSessionOptions();'

/**
 * ConfigProto { graph_options { optimizer_options { opt_level: L0 } rewrite_options { disable_meta_optimizer: true } } }. The compiled step
 * is recorded in its final form; TensorFlow's graph optimizers would not change anything, because every node is ordered, and took 27 s and
 * 10 KiB per node at 144 units.
 */
const CONFIG = [
  [0x52, 0x12],
  [0x1a, 0x0b, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x52, 0x03, 0x98, 0x01, 0x01],
].flat()

export const AFTER = `${BEFORE}
  TF_AutoStatus config_status;
  static const unsigned char session_config[] = {${CONFIG.join(', ')}};
  TF_SetConfig(session_options, session_config, sizeof(session_config), config_status.status);
  ENSURE_TF_OK_RETVAL(env, config_status, nullptr);`

/**
 * Identifies the binding that this program needs: the sources in tfjs's package, with the patch applied before a build.
 * @param packageRoot folder of that package
 */
export function bindingSource(packageRoot: string): string {
  const hash = createHash('sha256').update(AFTER)
  const sources = readdirSync(join(packageRoot, 'binding')).sort()
  for (const file of ['binding.gyp', ...sources.map((name) => join('binding', name))])
    hash.update(file).update(readFileSync(join(packageRoot, file)))
  return hash.digest('hex').slice(0, 16)
}
