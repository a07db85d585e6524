import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'
import vuetify from 'vite-plugin-vuetify'

const entry = (path: string): string => resolve(import.meta.dirname, path)

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
          trainer: entry('src-main/training/trainer.ts'),
          'batch-worker': entry('src-main/data/batch-worker.ts'),
          'import-process': entry('src-main/data/import-process.ts'),
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
    plugins: [vue(), vuetify()],
    build: { outDir: entry('out/renderer'), rolldownOptions: { input: entry('src-renderer/index.html') } },
  },
})
