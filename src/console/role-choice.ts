/**
 * CIS2 may leave it to us in which role somebody signs in: she picks one of her active roles. Until she has, she is
 * nobody here; what she proved travels with her page, sealed for her browser alone.
 */
import { isObject } from '../fhir/resource.ts';
import type { ProvenStaff } from '../identity/person-claims.ts';
import type { roleAt } from '../record/sign-in.ts';
import type { Page } from './pages.ts';
import type { Visit } from './visit.ts';
import { roleWords } from './words.ts';

/** Seals of other things begin otherwise. */
const KIND = 'role-choice';
const CHOOSING_MS = 10 * 60_000;

type RoleLine = Extract<Awaited<ReturnType<typeof roleAt>>, { several: unknown }>['several'][number];

interface Offer {
  proven: ProvenStaff;
  roles: readonly RoleLine[];
}

/** The page with her roles; `again`: she chose none. */
export function roleChoice({ deps, cookie, now }: Visit, { proven, roles }: Offer, again: boolean): Page {
  const said = { at: now.getTime(), cookie, proven, roles: roles.map(({ role }) => role) };
  return {
    status: again ? 422 : 200,
    template: 'sign-in-role',
    context: {
      errors: again ? [{ field: 'role', text: 'Select the role in which you sign in' }] : [],
      offered: deps.door.seal(`${KIND} ${JSON.stringify(said)}`),
      roles: roles.map(({ role, kind, serviceName }) => ({
        value: role,
        text: roleWords(kind ?? 'admin'),
        hint: { text: serviceName ?? '' },
      })),
    },
  };
}

/** What this browser was offered, lately; null for anything else. */
export function offeredIn({ deps, cookie, now, form }: Visit): { proven: ProvenStaff; roles: string[] } | null {
  const text = deps.door.unseal(form.get('offered') ?? '') ?? '';
  if (!text.startsWith(`${KIND} `)) return null;
  const said: unknown = JSON.parse(text.slice(KIND.length + 1));
  if (!isObject(said) || said.cookie !== cookie || now.getTime() - Number(said.at) >= CHOOSING_MS) return null;
  const proven = provenIn(said.proven);
  if (proven === null || !Array.isArray(said.roles)) return null;
  return { proven, roles: said.roles.filter((one) => typeof one === 'string') };
}

function provenIn(said: unknown): ProvenStaff | null {
  if (!isObject(said)) return null;
  const { issuer, subject, userId, assurance, roleProfileId, provenAt } = said;
  if (typeof issuer !== 'string' || typeof subject !== 'string') return null;
  if (typeof userId !== 'string' || typeof assurance !== 'string') return null;
  return {
    ...{ issuer, subject, userId, assurance },
    roleProfileId: typeof roleProfileId === 'string' ? roleProfileId : null,
    provenAt: typeof provenAt === 'string' ? new Date(provenAt) : null,
  };
}
