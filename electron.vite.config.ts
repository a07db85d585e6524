import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'
import vuetify from 'vite-plugin-vuetify'

const entry = (path: string): string => resolve(import.meta.dirname, path)

/**
 * Writes the hashes of the page's files for the service worker that serves them while the workbench is unreachable (`public/keeper.js`).
 */
const pageHashes = (): Plugin => ({
  name: 'page-hashes',
  apply: 'build',
  writeBundle({ dir = '' }, bundle) {
    const own = Object.keys(bundle).filter((name) => !name.endsWith('.map'))
    const copied = readdirSync(entry('src-renderer/public')).filter((name) => name !== 'keeper.js')
    const hash = (name: string): string =>
      createHash('sha256')
        .update(readFileSync(join(dir, name)))
        .digest('base64')
    const files = Object.fromEntries([...own, ...copied].sort().map((name) => [`/${name}`, hash(name)]))
    writeFileSync(join(dir, 'keeper-files.js'), `self.FILES = ${JSON.stringify(files, null, 2)}\n`)
  },
})

export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      target: 'node20.19',
      sourcemap: true,
      rolldownOptions: {
        input: {
          electron: entry('src-main/hosts/electron/main.ts'),
          server: entry('src-main/hosts/server/main.ts'),
          cli: entry('src-main/hosts/cli/main.ts'),
          agent: entry('src-main/hosts/agent/main.ts'),
          trainer: entry('src-main/training/trainer.ts'),
          'batch-worker': entry('src-main/data/batch-worker.ts'),
          'compute-worker': entry('src-main/studies/compute-worker.ts'),
          'import-process': entry('src-main/data/import-process.ts'),
          'set-up-process': entry('src-main/setup/set-up-process.ts'),
          setup: entry('src-main/setup/main.ts'),
        },
        output: { format: 'es' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: entry('src-main/hosts/electron/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src-renderer',
    plugins: [vue(), vuetify(), pageHashes()],
    build: { outDir: entry('out/renderer'), rolldownOptions: { input: entry('src-renderer/index.html') } },
  },
})
