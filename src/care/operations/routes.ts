/** Every operation of this room with its address and its parameters: what the HTTP room routes and metadata publishes. */
import { Outcome, refuse } from '../../fhir/outcome.ts';
import type { JsonObject, Resource } from '../../fhir/types.ts';
import type { Attendance } from '../joint-visit.ts';
import { OperationInput, valueText } from '../parameters.ts';
import type { CarePort } from '../ports.ts';
import { accept } from './accept.ts';
import { proposeVisit, respond } from './book.ts';
import { extractApply, extractOperation } from './extract-operation.ts';
import { refer } from './refer.ts';
import { applyReferralEvent } from './referral-event.ts';
import { release, sign } from './sign-and-release.ts';
import { triage } from './triage.ts';
import { visitEvent } from './visit.ts';

export interface CareOperation {
  /** `POST [base]/<type>/<id>/$<name>` with a Parameters body (none where there are no parameters). */
  type: string;
  name: string;
  /** False when it only reads: then GET is allowed too. */
  affectsState: boolean;
  parameters: readonly string[];
  /** Gives the resource to answer with (200). Throws Outcome. */
  run(port: CarePort, id: string, input: OperationInput): Promise<Resource>;
}

/** Several resources as the output of one operation. */
function outputs(parts: Record<string, Resource | string | undefined>): Resource {
  const parameter = Object.entries(parts).flatMap(([name, value]): JsonObject[] => {
    if (value === undefined) return [];
    return [typeof value === 'string' ? { name, valueCode: value } : { name, resource: value }];
  });
  return { resourceType: 'Parameters', parameter };
}

function attendance(parts: JsonObject[]): Attendance {
  const of = (name: string): string => {
    const part = parts.find((one) => one.name === name);
    const value = part === undefined ? undefined : valueText(part);
    if (value === undefined)
      throw refuse(400, 'required', `each "attended" needs the part "${name}"`, 'Parameters.parameter');
    return value;
  };
  return { who: of('who'), start: of('start'), end: of('end') };
}

function priorityOf(input: OperationInput): { priority?: 'routine' | 'urgent' } {
  const word = input.optional('priority');
  if (word === undefined) return {};
  if (word !== 'routine' && word !== 'urgent') throw refuse(400, 'code-invalid', 'priority is routine or urgent');
  return { priority: word };
}

export const CARE_OPERATIONS: readonly CareOperation[] = [
  {
    type: 'Patient',
    name: 'refer',
    affectsState: true,
    parameters: ['performer', 'owner', 'recipient', 'priority', 'safeguarding', 'reason', 'supportingInfo', 'override'],
    run: async (port, id, input) => {
      const { serviceRequest, task, why } = await refer(port, {
        patient: `Patient/${id}`,
        performer: input.required('performer'),
        owner: input.required('owner'),
        recipient: input.optional('recipient'),
        ...priorityOf(input),
        safeguarding: input.flag('safeguarding'),
        reason: input.optional('reason'),
        supportingInfo: input.all('supportingInfo'),
        override: input.optional('override'),
      });
      const { parameter } = outputs({ serviceRequest, task });
      return {
        resourceType: 'Parameters',
        parameter: [...(Array.isArray(parameter) ? parameter : []), { name: 'why', valueString: why }],
      };
    },
  },
  {
    type: 'ServiceRequest',
    name: 'accept',
    affectsState: true,
    parameters: [],
    run: async (port, id) => {
      const { state, serviceRequest, task, episode, careTeam } = await accept(port, id);
      return outputs({ state, serviceRequest, task, episode, careTeam });
    },
  },
  {
    type: 'ServiceRequest',
    name: 'referral-event',
    affectsState: true,
    parameters: ['event', 'reason', 'note', 'owner'],
    run: async (port, id, input) => {
      const { state, serviceRequest, task } = await applyReferralEvent(port, id, {
        event: input.required('event'),
        reason: input.optional('reason'),
        note: input.optional('note'),
        owner: input.optional('owner'),
      });
      return outputs({ state, serviceRequest, task });
    },
  },
  {
    type: 'ServiceRequest',
    name: 'triage',
    affectsState: true,
    parameters: ['pathway', 'level', 'rationale'],
    run: async (port, id, input) => {
      const { state, serviceRequest, task } = await triage(port, id, {
        pathway: input.required('pathway'),
        level: input.required('level'),
        rationale: input.required('rationale'),
      });
      return outputs({ state, serviceRequest, task });
    },
  },
  {
    type: 'ServiceRequest',
    name: 'propose-visit',
    affectsState: true,
    parameters: ['practitioner', 'interpreter', 'slot', 'start', 'end', 'mode'],
    run: (port, id, input) =>
      proposeVisit(port, id, {
        practitioners: input.all('practitioner'),
        slots: input.all('slot'),
        start: input.required('start'),
        end: input.required('end'),
        interpreter: input.optional('interpreter'),
        mode: input.optional('mode'),
      }),
  },
  {
    type: 'Appointment',
    name: 'respond',
    affectsState: true,
    parameters: ['status', 'actor'],
    run: async (port, id, input) => {
      const answer = { status: input.required('status'), actor: input.optional('actor') };
      const { appointment, encounter } = await respond(port, id, answer);
      return outputs({ appointment, encounter });
    },
  },
  {
    type: 'Appointment',
    name: 'visit-event',
    affectsState: true,
    parameters: ['event', 'attended', 'reason'],
    run: async (port, id, input) => {
      const { state, appointment, encounter } = await visitEvent(port, id, {
        event: input.required('event'),
        attended: input.parts('attended').map(attendance),
        reason: input.optional('reason'),
      });
      return outputs({ state, appointment, encounter });
    },
  },
  {
    type: 'QuestionnaireResponse',
    name: 'sign',
    affectsState: true,
    parameters: [],
    run: async (port, id) => {
      const { response, missing } = await sign(port, id);
      const parameter: JsonObject[] = missing.map((who) => ({ name: 'missing', valueReference: { reference: who } }));
      return { resourceType: 'Parameters', parameter: [{ name: 'response', resource: response }, ...parameter] };
    },
  },
  {
    type: 'QuestionnaireResponse',
    name: 'release',
    affectsState: true,
    parameters: [],
    run: (port, id) => release(port, id),
  },
  {
    type: 'QuestionnaireResponse',
    name: 'extract',
    affectsState: false,
    parameters: [],
    run: (port, id) => extractOperation(port, id),
  },
  {
    type: 'QuestionnaireResponse',
    name: 'extract-apply',
    affectsState: true,
    parameters: ['safeguardingTeam'],
    run: (port, id, input) => extractApply(port, id, input.optional('safeguardingTeam')),
  },
];

const byAddress = new Map(CARE_OPERATIONS.map((operation) => [`${operation.type}/$${operation.name}`, operation]));

/** The operation at `[type]/[id]/$[name]`; undefined when this room has none. */
export const careOperation = (type: string, name: string): CareOperation | undefined =>
  byAddress.get(`${type}/$${name}`);

const MAX_ATTEMPTS = 4;

/**
 * Runs an operation from its request body. The caller names no version, so a step that loses a race (to the pathway
 * clock, to a colleague) is decided again on what is there now; a signature stands for words that were read and is not.
 * Throws Outcome 400 for bad input, else what the operation throws.
 */
export async function runCareOperation(
  operation: CareOperation,
  port: CarePort,
  id: string,
  body?: Resource,
): Promise<Resource> {
  const input = new OperationInput(body, operation.parameters);
  const most = operation.name === 'sign' || operation.name === 'release' ? 1 : MAX_ATTEMPTS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation.run(port, id, input);
    } catch (problem) {
      if (!(problem instanceof Outcome) || problem.status !== 412 || attempt >= most) throw problem;
    }
  }
}
