import { chooseHome, userPath } from '../../home.js'
import { serve as runServer } from '../../server/serve.js'
import type { CommonOptions, Context } from '../context.js'

export interface ServeOptions extends CommonOptions {
  port?: number
  exports?: string
}

export async function serve(context: Context, { home, port, exports: folder }: ServeOptions): Promise<void> {
  const { openBackend, page, print, end, onDefect } = context
  const exports = folder === undefined ? undefined : userPath(folder)
  await runServer({ home: chooseHome(home), openBackend, page, port, exports, window: false, print, end, onDefect })
}
