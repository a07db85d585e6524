// The command line as built; its trainer is not next to it, so it can do everything except train.
import '../../../src-main/hosts/cli/main.js'
