/** sharing despite an objection is a disclosure in its own right, recorded with the write that permits it. */
import type { AuditEntry } from '../audit/types.ts';
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { isOverride, wasFamilyTold } from '../governance/consents.ts';
import type { Planned } from './plan.ts';

/** One entry for each active override that was written: to whom it opens, never why (that stands in the Consent). */
export function overrideDisclosures(planned: readonly Planned[]): AuditEntry[] {
  return planned.flatMap(({ change, write, entry }): AuditEntry[] => {
    const consent = change.document?.resource;
    if (write === null || consent === undefined || !isOverride(consent) || consent.status !== 'active') return [];
    const detail = `override; family told: ${wasFamilyTold(consent) ? 'yes' : 'no'}`;
    const recipient = recipientsOf(consent).join(' ');
    return [{ ...entry, interaction: 'disclosure', action: 'R', rules: ['R-22'], reason: null, recipient, detail }];
  });
}

function recipientsOf({ provision }: Resource): string[] {
  const actors = isObject(provision) && Array.isArray(provision.actor) ? provision.actor.filter(isObject) : [];
  return actors.flatMap(({ reference }) =>
    isObject(reference) && typeof reference.reference === 'string' ? [reference.reference] : [],
  );
}
