import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { onTestFinished } from 'vitest'
import { removeFolder } from '../../fixtures/home.js'

const root = join(import.meta.dirname, '../../..')

/**
 * Bundles a program of this folder for plain Node, like the real entries. The bundle is below node_modules, where its packages are found.
 * @returns the program's file, and the function that removes it
 */
export async function bundleProgram(name: string): Promise<{ file: string; remove(): void }> {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const outDir = mkdtempSync(join(cache, 'retrace-test-'))
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: { ssr: join(import.meta.dirname, `${name}.ts`), outDir, target: 'node20.19', minify: false },
  })
  return { file: join(outDir, `${name}.js`), remove: () => removeFolder(outDir) }
}

export interface Running {
  child: ChildProcess
  /** Resolves with the first matching line on standard output, or rejects when the program ends before. */
  line(pattern: RegExp): Promise<string>
  output(): { stdout: string; stderr: string }
  /** Exit status, or the signal's name. */
  ended: Promise<number | string>
}

/** Starts a program; it is killed at the end of the test if it is still running. */
export function start(file: string, args: string[], options: { env?: NodeJS.ProcessEnv } = {}): Running {
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()))
  const ended = new Promise<number | string>((resolve) => child.once('close', (code, signal) => resolve(code ?? signal ?? -1)))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    child,
    ended,
    output: () => output,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = output.stdout.split('\n').find((line) => pattern.test(line))
          if (found !== undefined) resolve(found)
        }
        child.stdout.on('data', look)
        void ended.then((status) => reject(new Error(`ended with ${status} before ${pattern}: ${output.stdout}${output.stderr}`)))
        look()
      }),
  }
}
