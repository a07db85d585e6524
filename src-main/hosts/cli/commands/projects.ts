import { NO_PROJECT, type Project } from '../../../contract/projects.js'
import { UserError } from '../../../contract/errors.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson, table } from '../format.js'
import { withWorkbench, type Workbench } from '../workbench.js'

type Client = Workbench['client']

/** The id of the project with this name, which is created if it does not exist. */
export const projectNamed = async (client: Client, name: string): Promise<string> => (await client.projects.named.mutate({ name })).id

/** Like `projectNamed`; null for the word that means no project. */
export const projectOrNone = async (client: Client, name: string): Promise<string | null> =>
  name.toLowerCase() === NO_PROJECT ? null : projectNamed(client, name)

/** @throws UserError NOT_FOUND that names the existing projects */
export async function findProject(client: Client, name: string): Promise<Project> {
  const { projects } = await client.projects.list.query()
  const found = projects.find((project) => project.name.toLowerCase() === name.trim().toLowerCase())
  if (found) return found
  const known = projects.length > 0 ? `Projects are: ${projects.map((project) => project.name).join(', ')}.` : 'There are no projects yet.'
  throw new UserError('NOT_FOUND', `There is no project "${name}". ${known}`)
}

export async function listProjects(context: Context, options: CommonOptions): Promise<void> {
  const rows = await withWorkbench(context, options, async ({ client }) => {
    const [{ projects }, { runs }] = await Promise.all([client.projects.list.query(), client.runs.list.query()])
    return projects.map(({ id, name, view }) => ({
      id,
      name,
      description: view.description,
      runs: runs.filter(({ projectId }) => projectId === id).length,
    }))
  })
  if (options.json) return context.print(asJson(rows))
  if (rows.length === 0) return context.print('There are no projects yet. `retrace runs edit ID --project NAME` puts a run into a new one.')
  table(
    ['NAME', 'RUNS', 'DESCRIPTION'],
    rows.map(({ name, runs, description }) => [name, String(runs), description]),
  ).forEach(context.print)
}

export async function renameProject(context: Context, name: string, to: string, options: CommonOptions): Promise<void> {
  const saved = await withWorkbench(context, options, async ({ client }) => {
    const { id, view } = await findProject(client, name)
    return client.projects.save.mutate({ id, name: to, view })
  })
  context.print(options.json ? asJson(saved) : `The project ${name} is called ${saved.name} now.`)
}

export async function removeProject(context: Context, name: string, options: CommonOptions): Promise<void> {
  const { id } = await withWorkbench(context, options, async ({ client }) => {
    const project = await findProject(client, name)
    await client.projects.remove.mutate({ id: project.id })
    return project
  })
  context.print(options.json ? asJson({ removed: id }) : `Removed the project ${name}. Its runs stay, in no project.`)
}
