import { chooseHome } from '../../home.js'
import { serve as runServer } from '../../server/serve.js'
import type { CommonOptions, Context } from '../context.js'

export interface ServeOptions extends CommonOptions {
  port?: number
}

export async function serve(context: Context, { home, port }: ServeOptions): Promise<void> {
  const { openBackend, page, print, end, onDefect } = context
  await runServer({ home: chooseHome(home), openBackend, page, port, window: false, print, end, onDefect })
}
