import { UserError } from '../../contract/errors.js'
import type { Project, ProjectView } from '../../contract/projects.js'
import { NamedViews } from '../comparisons/named.js'

const known = (name: string): string => name.trim().toLowerCase()

/** Folders for runs. They are identified by their names, which must differ in more than case. */
export class Projects extends NamedViews<ProjectView> {
  /** @throws UserError CONFLICT when another project has the name */
  override save(request: { id?: string | undefined; name: string; view: ProjectView }): Project {
    this.requireFree(request.name, request.id)
    return super.save(request)
  }

  /**
   * Restores a removed project together with the membership of its runs. @throws UserError CONFLICT when another project has its name now
   */
  override restore({ id }: { id: string }): Project {
    const removed = this.removed().find(({ named }) => named.id === id)
    if (removed) this.requireFree(removed.named.name, id)
    return super.restore({ id })
  }

  /** The project with this name; it is created if it does not exist. */
  named(name: string): Project {
    return this.find(name) ?? super.save({ name, view: { description: '' } })
  }

  /** The name of a project; null if it does not exist (any more). */
  nameOf(id: string | null): string | null {
    return this.list().find((project) => project.id === id)?.name ?? null
  }

  private find(name: string): Project | undefined {
    return this.list().find((project) => known(project.name) === known(name))
  }

  private requireFree(name: string, id: string | undefined): void {
    const other = this.find(name)
    if (other && other.id !== id)
      throw new UserError('CONFLICT', `There is a project "${other.name}" already. Choose another name, or rename that one first.`)
  }
}
