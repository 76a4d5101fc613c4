/** Headers of every console page, and which forms are taken. */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Nothing inline, nothing from elsewhere, no frame around it; pages are never kept on the way or in the browser. */
export function securityHeaders(secure: boolean): RequestHandler[] {
  const headers = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        ...(secure ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: secure,
  });
  return [
    headers,
    (_request, response, next) => {
      response.set('Cache-Control', 'no-store');
      response.set('Permissions-Policy', 'camera=(), geolocation=(), microphone=()');
      next();
    },
  ];
}

/** True unless the browser itself says that another site sent the form (Fetch Metadata); the form's token decides beside it. */
export function isFromHere(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}
