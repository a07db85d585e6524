// A set-up played by a test: its behaviour is given by the path that it receives.
process.on('message', ({ offline }) => {
  process.send?.({ kind: 'progress', progress: 0.5, message: 'half' })
  if (offline === 'done') process.send?.({ kind: 'done' }, () => process.disconnect())
  if (offline === 'failed') process.send?.({ kind: 'failed', message: 'No disk. Buy one.' }, () => process.disconnect())
  if (offline === 'dies') {
    console.error('out of luck')
    process.exit(1)
  }
})
process.on('SIGTERM', () => process.exit(143))
