// A set-up that a test plays: what it does stands in the path that it is given.
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
