import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { built, main, prepare } from './prepare.mjs'
import { ROOT } from './root.mjs'

/** A window needs a display; without one Electron would only fail. */
const hasDisplay = () => process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)

/**
 * Runs Electron until it ends, and returns its exit status.
 * @param {string} binary
 * @param {string[]} args
 */
function runElectron(binary, args) {
  const child = spawn(binary, [ROOT, ...args], { stdio: 'inherit' })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => {
    process.stderr.write(`retrace: Electron did not start (${error.message}).\n`)
    process.exit(1)
  })
  child.once('close', (status) => process.exit(status ?? 1))
}

await main(async () => {
  const args = process.argv.slice(2)
  const window = !args.includes('--no-open') && hasDisplay()
  const { setup } = await prepare(window ? {} : { skip: ['electron'] })
  const binary = window ? setup.electronBinary(join(ROOT, 'node_modules', 'electron')) : null
  if (binary !== null) runElectron(binary, args)
  else await import(built('server.js'))
})
