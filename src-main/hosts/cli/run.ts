import { CommanderError } from 'commander'
import { describeFailure } from '../failure.js'
import { ExitStatus, type Context } from './context.js'
import { createProgram } from './program.js'

/**
 * Runs one command line.
 * @param args without the program's own name
 * @returns the exit status: 0 only when the work was done
 */
export async function runCommandLine(args: string[], context: Context): Promise<number> {
  try {
    await createProgram(context).parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof ExitStatus) return error.status
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      // A group without its command shows its help as an error; that is no mistake to explain.
      const message = error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '').replaceAll('\n', ' ')
      context.note(
        `retrace: ${message.replace(/\.$/, '')}; \`retrace ${args[0]?.startsWith('-') === false ? `${args[0]} ` : ''}--help\` shows what there is.`,
      )
      return 2
    }
    context.note(describeFailure(error))
    return 1
  }
}
