import { built, main, prepare } from './prepare.mjs'

await main(async () => {
  await prepare({ skip: ['electron'] })
  await import(built('cli.js'))
})
