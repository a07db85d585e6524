import { Option, type Command } from 'commander'
import type { Context } from './context.js'

/** Adds the options of what a run asks a cluster for. */
export const addResources = (command: Command, whole: (text: string) => number): Command =>
  command
    .option('--minutes <n>', 'time limit of a job; a run that takes longer goes on in the next', whole)
    .option('--cpus <n>', 'processor cores, and threads of the run', whole)
    .option('--gpus <n>', 'GPUs', whole)
    .option('--memory <MiB>', 'memory', whole)
    .option('--partition <name>', 'partition, or queue')
    .option('--account <name>', 'account that pays')
    .option('--qos <name>', 'quality of service')
    .option('--constraint <features>', 'features that nodes must have, such as one type of processor')

/** Adds the options by which runs are computed by a cluster. */
export const addPlace = (command: Command, whole: (text: string) => number): Command =>
  addResources(
    command.addOption(
      new Option('--on <place>', 'where runs are computed: on this machine, or by jobs of a cluster').choices(['here', 'cluster']),
    ),
    whole,
  )

/** Adds the commands of the cluster. */
export function addCluster(
  context: Context,
  program: Command,
  leaf: (parent: Command, usage: string, description: string) => Command,
  { whole }: { whole(text: string): number },
): void {
  const cluster = program.command('cluster').description('have runs computed by the jobs of a batch system, such as Slurm')
  const commands = () => import('./commands/cluster.js')
  addResources(
    leaf(
      cluster,
      'setup <folder>',
      'set the cluster of this home: a folder that this machine and the nodes share, and what runs ask for by default',
    ),
    whole,
  )
    .option('--ssh <host>', 'give the commands of the batch system on this login node')
    .option('--folder-there <path>', 'name of the folder on the nodes, where that differs')
    .option('--node <path>', 'Node on the nodes (default: the one that runs this command)')
    .option('--agent <path>', 'out/main/agent.js of Retrace on the nodes (default: of this installation)')
    .option('--scheduler <file>', 'JSON file with the commands of another batch system; see docs/cluster.md')
    .option('--jobs-at-once <n>', 'the most jobs that wait or work at a time (default: 50)', whole)
    .action(async (folder, options) => (await commands()).setUpCluster(context, folder, options))
  leaf(cluster, 'check', 'submit one short job, and tell what is missing for runs on the cluster')
    .option('--seconds <n>', 'how long to wait for the job (default: 120)', whole)
    .action(async (options) => (await commands()).checkCluster(context, options))
  leaf(cluster, 'jobs', 'list the jobs of this home, newest first').action(async (options) => (await commands()).listJobs(context, options))
}
