/** /health/live says the process answers; /health/ready says the database, the audit trail and the seed are in place. */
import express, { type Router } from 'express';

export interface Health {
  /** Nothing to wait for any more: migrations and seed are in. Null or why not, in plain words. */
  notReady(): Promise<string | null>;
  /** Numbers for operators: queue lengths, age of the horizon. No content. */
  gauges(): Record<string, number | null>;
}

export function healthRoutes(health: Health): Router {
  const router = express.Router();
  router.get('/health/live', (_request, response) => {
    response.json({ status: 'live' });
  });
  router.get('/health/ready', async (_request, response) => {
    const waiting = await health.notReady();
    response
      .status(waiting === null ? 200 : 503)
      .json(waiting === null ? { status: 'ready', ...health.gauges() } : { status: 'starting', waiting });
  });
  return router;
}
