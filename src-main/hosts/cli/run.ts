import { CommanderError } from 'commander'
import { printable } from '../../contract/printable.js'
import { describeFailure } from '../failure.js'
import { ExitStatus, type Context } from './context.js'
import { createProgram } from './program.js'

/** Escapes terminal control characters in all output, because names in it may come from untrusted files. */
const harmless = ({ progress, ...world }: Context): Context => ({
  ...world,
  print: (line) => world.print(printable(line)),
  note: (line) => world.note(printable(line)),
  progress: progress && ((line) => progress(printable(line))),
})

/**
 * Runs one command line.
 * @param args without the program's own name
 * @returns the exit status: 0 only when the work was done
 */
export async function runCommandLine(args: string[], world: Context): Promise<number> {
  const context = harmless(world)
  try {
    await createProgram(context).parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof ExitStatus) return error.status
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      // commander reports a group without a command by an error with the help as its message.
      const message = error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '').replaceAll('\n', ' ')
      context.note(
        `retrace: ${message.replace(/\.$/, '')}; see \`retrace ${args[0]?.startsWith('-') === false ? `${args[0]} ` : ''}--help\`.`,
      )
      return 2
    }
    context.note(describeFailure(error))
    return 1
  }
}
