/** The built-in provider's memory, in the database: what oidc-provider calls an adapter. */
import { isObject } from '../fhir/resource.ts';
import type { SignInState } from '../store/sign-in-state.ts';

interface Adapter {
  find(id: string): Promise<object | undefined>;
  findByUid(uid: string): Promise<undefined>;
  findByUserCode(code: string): Promise<undefined>;
  upsert(id: string, payload: object, seconds: number): Promise<void>;
  consume(id: string): Promise<void>;
  destroy(id: string): Promise<void>;
  revokeByGrantId(grant: string): Promise<void>;
}

const nothing = () => Promise.resolve(undefined);

/**
 * For each kind of thing the provider keeps. Its own sessions are not kept: it remembers nobody from one sign-in to the
 * next, so that everyone is shown the list each time.
 */
export function adapterOn(state: SignInState): (kind: string) => Adapter {
  return (kind) => {
    const kept = kind !== 'Session';
    return {
      find: async (id) => {
        const found = kept ? await state.find(kind, id) : undefined;
        if (found === undefined) return undefined;
        const payload: unknown = JSON.parse(found.payload);
        return isObject(payload) ? { ...payload, ...(found.consumed ? { consumed: true } : {}) } : undefined;
      },
      findByUid: nothing,
      findByUserCode: nothing,
      upsert: async (id, payload, seconds) => {
        if (!kept) return;
        const grant = 'grantId' in payload && typeof payload.grantId === 'string' ? payload.grantId : null;
        await state.put(kind, id, { payload: JSON.stringify(payload), grant, seconds });
      },
      consume: async (id) => {
        if (!(await state.consume(kind, id))) throw new Error('used up already');
      },
      destroy: (id) => state.remove(kind, id),
      revokeByGrantId: (grant) => state.removeGrant(grant),
    };
  };
}
