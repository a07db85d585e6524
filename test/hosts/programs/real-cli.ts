// The command line as it is built; its trainer is not beside it, so it can do all but train.
import '../../../src-main/hosts/cli/main.js'
