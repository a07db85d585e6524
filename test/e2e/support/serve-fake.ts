import { startLocalServer, takePort, type LocalServer } from '../../../src-main/hosts/server/http.js'
import type { FakeServices } from '../../fixtures/fake-services.js'

/** The real local server over services that a test plays. A defect in it fails the test. */
export const serveFake = async (services: FakeServices, page: string, port = 0): Promise<LocalServer> =>
  startLocalServer(await takePort(port), {
    services,
    page,
    onDefect: (error) => {
      throw error
    },
  })
