/** Express around the FHIR door, the SMART endpoints, health and the console; and the server's own limits. */
import { createServer, type RequestListener, type Server } from 'node:http';
import express, { type Router } from 'express';
import helmet from 'helmet';
import { operationOutcome } from '../fhir/outcome.ts';
import type { Log } from '../log.ts';
import { answerOf, send } from './answer.ts';
import { type FhirDeps, serveFhir } from './fhir/router.ts';
import { type Health, healthRoutes } from './health.ts';

export interface HttpDeps {
  fhir: FhirDeps;
  health: Health;
  /** SMART, console: mounted at the root. */
  routers: readonly Router[];
  log: Log;
}

export const FHIR_PATH = '/fhir/R4';

/** The Express application; `listen` is the caller's. */
export function buildHttp(deps: HttpDeps): express.Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false);
  // The API first: nothing else stands on its path.
  app.use(FHIR_PATH, (request, response, next) => {
    if (request.url.startsWith('/.well-known/')) {
      next();
      return;
    }
    // Asked as a proxy is asked, the address names the server too (RFC 9112, absolute-form).
    void serveFhir(deps.fhir, request, response, request.url.replace(/^https?:\/\/[^/?]*/i, ''));
  });
  app.use(healthRoutes(deps.health));
  app.use(helmet());
  for (const router of deps.routers) app.use(router);
  app.use((_request, response) => {
    const issue = {
      severity: 'error' as const,
      code: 'not-found',
      diagnostics: 'Nothing is served at this address; the FHIR base is /fhir/R4',
    };
    void send(response, { status: 404, body: JSON.stringify(operationOutcome([issue])) });
  });
  app.use(((error: unknown, request, response, _next) => {
    void send(response, answerOf(error, String(request.headers['x-request-id'] ?? 'none'), deps.log));
  }) satisfies express.ErrorRequestHandler);
  return app;
}

/** A server whose slow or endless peers are let go (H19). Bodies have a limit of their own, answered with 408. */
export function buildServer(app: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: 15_000,
      requestTimeout: 90_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 32_768,
    },
    app,
  );
  server.maxRequestsPerSocket = 0;
  return server;
}
