// Runs checks of SQLite on a connection and in a thread of its own; see integrity.ts.
const { parentPort, workerData } = require('node:worker_threads')

const { driver, options, file, checks } = workerData
const Driver = require(driver)
try {
  const connection = new Driver(file, { ...options, readonly: true })
  try {
    parentPort?.postMessage({ found: checks.map((/** @type {string} */ check) => connection.pragma(check)) })
  } finally {
    connection.close()
  }
} catch (error) {
  // An error of the driver loses its message and code when it is passed between threads.
  const { message, code } = /** @type {Error & { code?: string }} */ (error)
  parentPort?.postMessage({ failure: { message, code } })
}
