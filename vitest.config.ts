import { availableParallelism } from 'node:os'
import vue from '@vitejs/plugin-vue'
import vuetify from 'vite-plugin-vuetify'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.js'

/** As the supervisor sets it for trainers; TensorFlow reads it once, when it is loaded. */
const TENSORFLOW = { TF_ENABLE_ONEDNN_OPTS: '1', TF_CPP_MIN_LOG_LEVEL: '2' }

/**
 * Test files at a time, of all projects together: one more than there are cores, because most browser and crash tests wait for
 * other processes half of their time, while networks are computed.
 */
const WORKERS = Math.min(availableParallelism(), 4) + 1

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
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
          sequence: { groupOrder: 1 },
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
        // What is polled may be late on a busy machine, but has to come.
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: WORKERS,
          expect: { poll: { timeout: 10_000 } },
        },
      },
    ],
  },
})
