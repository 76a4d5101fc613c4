/** Subscriptions, referrals and plans for the tests of events, as domain.md 2.8 and 4.8 write them. */
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';

export const CANON = 'https://tandem.example/fhir';
const IG = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';

/** The Subscription of domain.md 4.8; `filters` are values of backport-filter-criteria. */
export function aSubscription(
  changes: { topic?: string; filters?: string[]; endpoint?: string; content?: string; extension?: JsonObject[] } = {},
): Resource {
  const {
    topic = 'antenatal-referral',
    filters = [],
    endpoint = 'http://127.0.0.1:9/hook',
    content = 'id-only',
  } = changes;
  return {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'Antenatal referrals for HV team North',
    criteria: `${CANON}/SubscriptionTopic/${topic}`,
    ...(filters.length > 0
      ? {
          _criteria: {
            extension: filters.map((valueString) => ({ url: `${IG}backport-filter-criteria`, valueString })),
          },
        }
      : {}),
    channel: {
      ...(changes.extension ? { extension: changes.extension } : {}),
      type: 'rest-hook',
      endpoint,
      payload: 'application/fhir+json',
      _payload: { extension: [{ url: `${IG}backport-payload-content`, valueCode: content }] },
    },
  };
}

/** A channel extension of the IG by its short name. */
export function channelExtension(name: string, seconds: number): JsonObject {
  return { url: `${IG}backport-${name}`, valueUnsignedInt: seconds };
}

/** A referral's ServiceRequest to a health visiting team. */
export function aReferral(id: string, performer = 'HealthcareService/hv-north', patient = 'Patient/p1'): Resource {
  return {
    resourceType: 'ServiceRequest',
    id,
    status: 'active',
    intent: 'order',
    code: { coding: [{ system: `${CANON}/CodeSystem/jv-service`, code: 'antenatal-hv-referral' }] },
    subject: { reference: patient },
    performer: [{ reference: performer }],
  };
}

/** The triage Task of a referral in a state of domain.md 1.3; null leaves the business status out. */
export function aTask(id: string, request: string, state: string | null, status = 'requested'): Resource {
  return {
    resourceType: 'Task',
    id,
    status,
    ...(state === null
      ? {}
      : { businessStatus: { coding: [{ system: `${CANON}/CodeSystem/referral-state`, code: state }] } }),
    intent: 'order',
    code: { coding: [{ system: `${CANON}/CodeSystem/jv-task`, code: 'triage-referral' }] },
    focus: { reference: `ServiceRequest/${request}` },
    for: { reference: 'Patient/p1' },
  };
}

/** A care plan. */
export function aPlan(id: string, patient = 'Patient/p1'): Resource {
  return { resourceType: 'CarePlan', id, status: 'active', intent: 'plan', subject: { reference: patient } };
}
