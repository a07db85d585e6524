/**
 * Content security policy of the page: only what ships with Retrace, from the page's own origin, and no other connections. Inline styles
 * are allowed because Vuetify writes its theme into a style element; inline scripts are not.
 * @param sockets further connection sources; for some browsers a socket of the own origin is not 'self'
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
