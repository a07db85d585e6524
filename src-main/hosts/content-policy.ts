/**
 * What the page may load: only what comes with Retrace, from where the page itself comes, and no connection anywhere else.
 * Styles may stand in the page because Vuetify writes its theme into a style element; scripts may not.
 * @param sockets further sources of connections; some browsers do not count a socket of the own address to 'self'
 */
export const contentPolicy = (sockets = ''): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self' ${sockets}`.trim(),
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
