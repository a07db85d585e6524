import { existsSync } from 'node:fs'
import { UserError } from '../contract/errors.js'
import type { SavedCheckpoint } from './checkpoint.js'
import type { HostLink } from './link.js'

/** Milliseconds after which a host has certainly noticed the loss of its home, which it checks once per second. */
const UNTIL_NOTICED = 3000

/**
 * Writes a checkpoint to the current location of the home. If the folder is missing, it waits until the host knows its location: when a
 * home is moved, the first one to write notices.
 * @param folder the run's checkpoint folder when the run was started
 * @param lastStep step of the last checkpoint, below 0 if there is none
 * @throws what the work throws, and UserError DISK if the location no longer exists
 */
export async function saveInHome(
  link: Pick<HostLink, 'moved' | 'whenMoved'>,
  { folder, lastStep }: { folder: string; lastStep: number },
  save: (folder: string) => Promise<SavedCheckpoint>,
): Promise<SavedCheckpoint> {
  if (link.moved === null)
    try {
      return await save(folder)
    } catch (error) {
      if (existsSync(folder)) throw error
      await link.whenMoved(UNTIL_NOTICED)
      // Without news from the host, the error itself says what is missing.
      if (link.moved === null) throw error
    }
  const place = link.moved?.checkpointFolder ?? null
  const left = lastStep < 0 ? 'the progress of the run is lost' : `the progress of the run after step ${lastStep} is lost`
  const gone = new UserError('DISK', `No checkpoint could be written because the folder of the run no longer exists: ${left}.`)
  if (place === null) throw gone
  try {
    return await save(place)
  } catch (error) {
    throw existsSync(place) ? error : gone
  }
}
