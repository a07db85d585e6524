export { electronBinary } from './electron.js'
export { silentProgress, streamProgress } from './progress.js'
export { setUp } from './setup.js'
export type { SetupOptions, SetupOutcome } from './setup.js'
