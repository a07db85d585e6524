import { availableParallelism } from 'node:os'
import vue from '@vitejs/plugin-vue'
import vuetify from 'vite-plugin-vuetify'
import { defineConfig } from 'vitest/config'

/** As the supervisor sets it for trainers; TensorFlow reads it once, when it is loaded. */
const TENSORFLOW = { TF_ENABLE_ONEDNN_OPTS: '1', TF_CPP_MIN_LOG_LEVEL: '2' }

/** Test files at a time. By default Vitest leaves one core unused, which on two cores is half of them. */
const WORKERS = Math.min(availableParallelism(), 4)

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'main',
          environment: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/renderer/**', 'test/e2e/**', 'test/native/**'],
          testTimeout: 60_000,
          maxWorkers: WORKERS,
        },
      },
      {
        // Networks of tests are too small for a second thread: two processes with a thread each are done in half the time.
        test: {
          name: 'native',
          environment: 'node',
          include: ['test/native/**/*.test.ts'],
          exclude: ['test/native/alone/**'],
          testTimeout: 600_000,
          pool: 'forks',
          maxWorkers: WORKERS,
          sequence: { groupOrder: 1 },
          env: { ...TENSORFLOW, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', OMP_NUM_THREADS: '1' },
        },
      },
      {
        // What is timed must not depend on the tests beside it, and takes every core.
        test: {
          name: 'alone',
          environment: 'node',
          include: ['test/native/alone/**/*.test.ts'],
          testTimeout: 600_000,
          fileParallelism: false,
          pool: 'forks',
          sequence: { groupOrder: 2 },
          env: TENSORFLOW,
        },
      },
      {
        plugins: [vue(), vuetify()],
        test: {
          name: 'renderer',
          environment: 'happy-dom',
          include: ['test/renderer/**/*.test.ts'],
          maxWorkers: WORKERS,
          server: { deps: { inline: ['vuetify'] } },
        },
      },
      {
        // Two browsers at a time: a third one makes two cores no faster. What is polled may be late on a busy machine, but has to come.
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          expect: { poll: { timeout: 10_000 } },
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
