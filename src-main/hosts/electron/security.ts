import type { Session, WebContents } from 'electron'
import { guarded } from '../../processes/guarded.js'
import { isOwnAddress } from './page-protocol.js'

/**
 * Confines a page: no navigation, no windows of its own, no embedded guests.
 * @param openLink called with an address for which the page requests a window
 */
export function confineContents(
  contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>,
  fault: (error: unknown) => void,
  openLink: (url: string) => void,
): void {
  const open = guarded(fault, openLink)
  contents.setWindowOpenHandler(({ url }) => {
    open(url)
    return { action: 'deny' }
  })
  const stay = guarded(fault, (event: { url: string; preventDefault(): void }) => {
    if (!isOwnAddress(event.url)) event.preventDefault()
  })
  contents.on('will-navigate', stay)
  contents.on('will-redirect', stay)
  contents.on('will-frame-navigate', stay)
  contents.on(
    'will-attach-webview',
    guarded(fault, (event) => event.preventDefault()),
  )
}

/** Addresses that never leave this machine; the developer tools load their own page. */
const LOCAL = /^(app:\/\/retrace\/|devtools:\/\/|data:|blob:app:\/\/retrace)/

/** Denies the page all permissions except notifications, which the user turns on, and lets no request leave the machine. */
export function confineSession(
  session: Pick<Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'> & {
    webRequest: Pick<Session['webRequest'], 'onBeforeRequest'>
  },
): void {
  session.setPermissionRequestHandler((_contents, permission, answer) => answer(permission === 'notifications'))
  session.setPermissionCheckHandler((_contents, permission) => permission === 'notifications')
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !LOCAL.test(url) }))
}
