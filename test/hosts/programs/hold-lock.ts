import { tryLockHome } from '../../../src-main/hosts/home-lock.js'

// A process that takes the home's lock, reports whether it got it, and runs until it is ended.
const lock = await tryLockHome(process.argv[2] ?? '')
process.stdout.write(lock ? 'locked\n' : 'busy\n')
setInterval(() => undefined, 60_000)
