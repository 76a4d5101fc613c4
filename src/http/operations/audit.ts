/** AuditEvent/$verify: the proof of the access record, signed (Q13 of domain.md 6.2). */
import type { RequestHandler } from 'express';
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject, Resource } from '../../fhir/types.ts';
import { type TrailKeeper, type TrailReport, verifyTrail } from '../../oversight/verify-trail.ts';
import type { Door } from '../../record/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import type { FhirRequest } from '../fhir/request.ts';

export function auditOperations(keeper: TrailKeeper): Operation[] {
  // One proof at a time in a process: each reads the whole trail.
  let running = false;
  const handler = async (door: Door, request: FhirRequest) => {
    const from = fromOf(new URLSearchParams(request.url.query));
    if (running) throw refuse(429, 'throttled', 'A proof of the access record is under way; ask again when it is done');
    running = true;
    try {
      const report = await verifyTrail(door, request.context, { keeper, from });
      return { status: 200, body: JSON.stringify(parameters(report)) };
    } finally {
      running = false;
    }
  };
  return [{ name: '$verify', type: 'AuditEvent', level: 'type', methods: ['GET', 'POST'], handler }];
}

/** `from`: a record number; the proof begins at the last checkpoint before it. */
function fromOf(query: URLSearchParams): number | null {
  for (const name of query.keys()) {
    if (name !== 'from') throw refuse(400, 'not-supported', '$verify takes one parameter, from: a record number');
  }
  const [value, ...more] = query.getAll('from');
  if (value === undefined) return null;
  if (more.length > 0 || !/^[1-9]\d{0,14}$/.test(value))
    throw refuse(400, 'value', '$verify: from is a whole number above 0');
  return Number(value);
}

function parameters(report: TrailReport): Resource {
  const { ok, from, records, unsealed, head, checkpoints, removed, partners, firstBroken, faults, at, signed } = report;
  const ofPartners = (fault: string) => partners.faults.includes(fault);
  const whole = (name: string, value: number): JsonObject => ({ name, valueDecimal: value });
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'result', valueBoolean: ok },
      { name: 'at', valueInstant: at },
      whole('from', from),
      whole('records', records),
      whole('unsealed', unsealed),
      { name: 'head', valueString: head },
      whole('signed-checkpoints', checkpoints),
      ...(firstBroken === null
        ? []
        : [whole('first-broken', firstBroken.seq), { name: 'why', valueString: firstBroken.why }]),
      ...(removed === 0 ? [] : [whole('removed-up-to', removed)]),
      whole('partner-chains', partners.chains),
      whole('partner-events', partners.events),
      ...faults.map((fault) => ({
        name: ofPartners(fault) ? 'partner-fault' : 'checkpoint-fault',
        valueString: fault,
      })),
      { name: 'signed-report', valueString: signed },
    ],
  };
}

/** `/.well-known/audit-keys.json`: the public keys of checkpoints and reports, those rotated out too. */
export function auditKeys(keys: () => Promise<object>): RequestHandler {
  return async (_request, response) => {
    response.set('Cache-Control', 'public, max-age=60').json(await keys());
  };
}
