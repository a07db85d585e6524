// Resolves imports for the boundaries rule. Our imports end in `.js` like the built files, but the sources are `.ts`: Node's resolver would
// not find them, and the rule ignores what it cannot resolve.
const { statSync } = require('node:fs')
const { dirname, join } = require('node:path')
const node = require('eslint-import-resolver-node')

const isFile = (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true

exports.interfaceVersion = 2
exports.resolve = (source, file, config) => {
  if (!source.startsWith('.')) return node.resolve(source, file, config)
  const path = join(dirname(file), source.replace(/\?.*$/, ''))
  const stem = path.replace(/\.js$/, '')
  const found = [`${stem}.ts`, path, `${path}.vue`, join(path, 'index.ts')].find(isFile)
  return found === undefined ? { found: false } : { found: true, path: found }
}
