import { main, prepare, tell } from './prepare.mjs'

await main(async () => {
  const { outcome } = await prepare({ force: true })
  const { native, electron } = outcome.failures
  tell(native === undefined ? 'The native engine is installed.' : `The portable engine is used. ${native.reason} ${native.remedy}`)
  if (electron !== undefined) tell(`${electron.reason} ${electron.remedy}`)
})
