import { startLocalServer, takePort, type LocalServer } from '../../../src-main/hosts/server/http.js'
import type { PlayedHome } from '../../fixtures/played-home.js'

/** The real local server for a home played by a test. A defect in it fails the test. */
export const serveHome = async ({ api }: PlayedHome, page: string, port = 0): Promise<LocalServer> =>
  startLocalServer(await takePort(port), {
    api,
    page,
    onDefect: (error) => {
      throw error
    },
  })
