import { availableParallelism } from 'node:os'
import vue from '@vitejs/plugin-vue'
import vuetify from 'vite-plugin-vuetify'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.js'

/** The same as the supervisor sets for trainers; TensorFlow reads these once, on load. */
const TENSORFLOW = { TF_ENABLE_ONEDNN_OPTS: '1', TF_CPP_MIN_LOG_LEVEL: '2' }

/** Test files run in parallel. By default Vitest leaves one core idle, which on two cores is half of them. */
const WORKERS = Math.min(availableParallelism(), 4)

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
        // Test networks are too small to benefit from a second thread: two single-threaded processes take half the time. Beside browsers
        // and their trainers they take more than twice as long, so the projects do not overlap.
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
        // Timings must not be affected by concurrent tests, and may use every core.
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
        // Polled conditions may be met late on a busy machine, but must be met.
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // A third browser makes two cores no faster.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
          expect: { poll: { timeout: 10_000 } },
        },
      },
    ],
  },
})
