import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Runs the garbage collector now. Until then, values that TensorFlow has taken over are kept alive by typed arrays, and a training loop
 * does not produce enough garbage to trigger it by itself.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
