import vue from '@vitejs/plugin-vue'
import vuetify from 'vite-plugin-vuetify'
import { defineConfig } from 'vitest/config'

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
        },
      },
      {
        // One process at a time: native TensorFlow takes every core, and two of them would only slow each other.
        test: {
          name: 'native',
          environment: 'node',
          include: ['test/native/**/*.test.ts'],
          testTimeout: 600_000,
          fileParallelism: false,
          pool: 'forks',
          sequence: { groupOrder: 1 },
          // As the supervisor sets it for trainers; TensorFlow reads it once, when it is loaded.
          env: { TF_ENABLE_ONEDNN_OPTS: '1', TF_CPP_MIN_LOG_LEVEL: '2' },
        },
      },
      {
        plugins: [vue(), vuetify()],
        test: {
          name: 'renderer',
          environment: 'happy-dom',
          include: ['test/renderer/**/*.test.ts'],
          server: { deps: { inline: ['vuetify'] } },
        },
      },
      {
        // Last and alone: what a user sees within so many seconds must not depend on the tests beside it.
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
