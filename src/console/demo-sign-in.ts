/** Signing in to the demo: picking an invented person, without a password. In no other mode. */
import type { DemoIdentity } from '../identity/identities.ts';
import { demoPerson } from './identity.ts';
import type { Page } from './pages.ts';
import { enter, noticeOf } from './sign-in.ts';
import type { Visit } from './visit.ts';
import { roleWords } from './words.ts';

type Identities = ReadonlyMap<string, DemoIdentity>;

/** The list of people to be; the IG officer first, since the pages here are for her. */
export function demoSignIn(identities: Identities) {
  const people = [...identities.values()]
    .filter(({ kind, role }) => kind === 'staff' || role === 'mother')
    .sort((a, b) => Number(b.role === 'ig-officer') - Number(a.role === 'ig-officer'));
  const page = (visit: Visit, status: number, error: string | null): Page => ({
    status,
    template: 'sign-in',
    context: {
      notice: noticeOf(visit),
      errors: error === null ? [] : [{ field: 'identity', text: error }],
      people: people.map(({ key, name, role }) => ({ key, name, role: roleWords(role) })),
    },
  });
  return {
    show: (visit: Visit): Page => (visit.session === null ? page(visit, 200, null) : { redirect: '/console' }),
    pick: async (visit: Visit): Promise<Page> => {
      const identity = people.find(({ key }) => key === visit.form.get('identity'));
      if (identity === undefined) return page(visit, 422, 'Select who you want to sign in as');
      return (await enter(visit, demoPerson(identity, visit.deps.issuer), visit.now)) ?? { redirect: '/console' };
    },
  };
}
