/** The page of the demo's provider: a list of invented people to be, without a password. In production it is not there. */
import type { DemoProvider, Exchange } from '../identity/demo-provider.ts';
import type { Handler } from './guards.ts';
import type { Page } from './pages.ts';
import type { Visit } from './visit.ts';
import { roleWords } from './words.ts';

/** Path parameter: the sign-in under way, which its cookie names as well. */
const idOf = ({ params }: Visit): string => params.get('id') ?? '';

/** Handlers need the bare request: the provider keeps a cookie of its own for each sign-in. */
export function demoPeople(demo: DemoProvider) {
  const page = (visit: Visit, status: number, error: string | null): Page => ({
    status,
    template: 'demo-people',
    context: {
      id: idOf(visit),
      errors: error === null ? [] : [{ field: 'identity', text: error }],
      people: demo.people.map(({ key, name, role }) => ({ key, name, role: roleWords(role) })),
    },
  });
  const whileUnderWay =
    (exchange: Exchange, handler: Handler): Handler =>
    async (visit) =>
      (await demo.isUnderWay(exchange, idOf(visit))) ? handler(visit) : { redirect: '/console/sign-in?ended=stale' };
  return {
    show: (exchange: Exchange): Handler => whileUnderWay(exchange, (visit) => page(visit, 200, null)),
    choose: (exchange: Exchange): Handler =>
      whileUnderWay(exchange, async (visit) => {
        const identity = demo.people.find(({ key }) => key === visit.form.get('identity'));
        if (identity === undefined) return page(visit, 422, 'Select who you want to sign in as');
        return { redirect: await demo.choose(exchange, identity) };
      }),
  };
}
