// Uses the tools' messages like the trainer program, and misbehaves if the preset says so.
const [, tool = '', text = '{}'] = process.argv.slice(2)
const request = JSON.parse(text)
/** @type {(message: object) => Promise<unknown>} */
const tell = (message) => new Promise((resolve) => process.send?.(message, resolve))

await tell({ kind: 'progress', message: 'working' })
const ok = { kind: 'result', ok: true, text: [`done: ${tool}`] }
const result = {
  ...JSON.parse(process.env.FAKE_FIGURES ?? '{}'),
  tool,
  request,
  engine: process.env.RETRACE_ENGINE,
  oneDNN: process.env.TF_ENABLE_ONEDNN_OPTS,
}
switch (request.preset) {
  case 'wrong':
    await tell({ ...ok, ok: false, result })
    break
  case 'refuse':
    await tell({ kind: 'error', code: 'BAD_INPUT', message: 'There is no network of that kind.' })
    break
  case 'die':
    process.stderr.write('first\nlast words\n')
    process.exitCode = 3
    break
  case 'killed':
    process.kill(process.pid, 'SIGKILL')
    break
  case 'garbage':
    await tell({ kind: 'result', ok: 'yes' })
    break
  case 'forever':
    setInterval(() => undefined, 1000)
    break
  default:
    await tell({ ...ok, result })
}
if (request.preset !== 'forever') process.disconnect()
