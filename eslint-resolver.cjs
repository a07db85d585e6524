// Where an import leads, for the rule on boundaries. Our imports end in `.js` as the built files do, while the sources are `.ts`: Node's own
// way would find nothing there, and the rule passes over what it cannot find.
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
