import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, watch } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ensureBuilt } from './build.mjs'
import { main, prepare, tell } from './prepare.mjs'
import { ROOT } from './root.mjs'

const HOME = join(ROOT, 'out', 'dev-home')
const COMPONENTS = 'node_modules/vuetify/lib/components'
const OUT = join(ROOT, 'out', 'main')

/** Sample runs, of seconds each, that fill the pages with content. @type {string[][]} */
const SAMPLES = [
  ['--preset', 'mlp-hamiltonian', '--dataset', 'two-spirals', '--steps', '400', '--seeds', '1,2'],
  ['--preset', 'mlp-midpoint', '--dataset', 'two-spirals', '--steps', '400', '--seeds', '1,2'],
  ['--preset', 'hamiltonian-quick', '--dataset', 'mnist', '--steps', '40'],
]

/** Uses a home of its own, so that experiments do not touch the user's. */
function fillHome() {
  if (existsSync(join(HOME, 'retrace.sqlite'))) return
  tell('training the sample runs ...')
  for (const sample of SAMPLES) {
    const { status } = spawnSync(process.execPath, [join(OUT, 'cli.js'), 'train', '--home', HOME, ...sample], { stdio: 'ignore' })
    if (status !== 0) tell(`retrace: the sample run ${sample.join(' ')} exited with status ${status}`)
  }
}

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
      probe.close(() => resolve(port))
    })
  })

/** Serves the page, built on demand; changes reach open windows immediately. */
async function servePage() {
  const port = await freePort()
  const [vite, { default: vue }, { default: vuetify }] = await Promise.all([
    import('vite'),
    import('@vitejs/plugin-vue'),
    import('vite-plugin-vuetify'),
  ])
  const server = await vite.createServer({
    configFile: false,
    root: join(ROOT, 'src-renderer'),
    cacheDir: join(ROOT, 'node_modules', '.vite-dev'),
    plugins: [vue(), vuetify()],
    // Vuetify's plugin adds components that a dependency scan does not find; each one discovered later would reload the page.
    optimizeDeps: {
      include: readdirSync(join(ROOT, COMPONENTS)).flatMap((name) => (/^V[A-Z]\w+$/.test(name) ? `vuetify/components/${name}` : [])),
    },
    // Open windows load the page from the workbench's port, and its changes from this one.
    server: { host: '127.0.0.1', port, strictPort: true, hmr: { host: '127.0.0.1', clientPort: port }, fs: { allow: [ROOT] } },
  })
  await server.listen()
  return { server, address: `http://127.0.0.1:${port}` }
}

await main(async () => {
  await prepare({ skip: ['electron'] })
  fillHome()
  const { server, address } = await servePage()

  /** @type {import('node:child_process').ChildProcess | null} */
  let host = null
  let ending = false
  const start = () => {
    const args = ['--enable-source-maps', ...process.execArgv, join(OUT, 'server.js'), '--home', HOME, '--page-from', address]
    host = spawn(process.execPath, [...args, ...process.argv.slice(2)], {
      stdio: 'inherit',
      env: { ...process.env, NODE_ENV: 'development' },
    })
    const own = host
    host.once('exit', (status) => {
      if (host !== own || ending) return
      tell(`The workbench ended (${status}); it restarts when a file in src-main changes.`)
      host = null
    })
  }
  const stop = async () => {
    const own = host
    host = null
    if (!own || own.exitCode !== null) return
    own.kill('SIGTERM')
    await new Promise((resolve) => own.once('exit', resolve))
  }

  let building = Promise.resolve()
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  const restart = async () => {
    try {
      await ensureBuilt({ tell })
    } catch (error) {
      return tell(error instanceof Error ? error.message : String(error))
    }
    await stop()
    if (!ending) start()
  }
  const watcher = watch(join(ROOT, 'src-main'), { recursive: true }, () => {
    clearTimeout(timer)
    timer = setTimeout(() => (building = building.then(restart)), 100)
  })

  start()
  await new Promise((resolve) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, resolve)
  })
  ending = true
  watcher.close()
  await stop()
  await server.close()
  process.exit(0)
})
