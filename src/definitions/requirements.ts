/** What is required of every resource of a type, whether or not it claims a profile (domain.md 3.4). */
import type { JsonObject } from '../fhir/types.ts';
import { has, objects } from './reading.ts';
import { type Run, report } from './run.ts';

/** CareTeam of a person: access follows membership, so every membership says from when (and until when). */
function checkCareTeam(run: Run, value: JsonObject): void {
  if (!has(value, 'subject')) return;
  objects(value, 'participant').forEach((participant, index) => {
    const period = participant.period;
    const dated = typeof period === 'object' && period !== null && !Array.isArray(period) && has(period, 'start');
    if (dated) return;
    run.path.push('participant', index, 'period');
    report(
      run,
      'error',
      'required',
      'A care team of a person needs participant.period with a start: access follows it.',
    );
    run.path.length -= 3;
  });
}

/** Requirements by type; called on roots and contained resources of sound or unsound structure alike. */
export function checkRequirements(run: Run, resource: JsonObject): void {
  if (resource.resourceType === 'CareTeam') checkCareTeam(run, resource);
}
