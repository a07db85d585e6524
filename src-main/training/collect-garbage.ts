import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Frees what JavaScript no longer refers to, now. Values that TensorFlow took over are kept alive by typed arrays until then, and
 * nothing in a training loop makes enough garbage to let it happen by itself.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
