/** S6, share the plan (domain.md 7.2): two signatures, one released copy, findings and a plan that no machine overwrites. */
import { objectsAt, textAt } from '../../src/care/shape.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { goalReworded } from './answers.ts';
import { type Actor, addressOf, expect, expectStatus, need, resourcesOf } from './http.ts';
import { duration, StoryFailure } from './screen.ts';
import type { VisitedFamily, World } from './world.ts';

const WITHIN_MS = 5_000;
const YIELD = ['Observation', 'RiskAssessment', 'Goal', 'Task', 'CarePlan'];

/** S6 as a whole. */
export async function s6(world: World): Promise<void> {
  const { screen, visited } = world;
  if (visited === undefined) throw new StoryFailure('S6 goes on from S4');
  screen.scene('S6', 'Share the plan', [
    'What was worked on stays with the two who wrote it. What is shared is a resource of its own, made when both have ' +
      'signed and she has said yes.',
  ]);
  const copy = await share(world, visited);
  const plan = await extract(world, visited, copy);
  await told(world, plan);
  await edited(world, visited, copy);
  await whoSeesWhat(world, visited, copy, plan);
}

async function sign(world: World, who: Actor, working: string): Promise<{ status: string; missing: number }> {
  const answer = expectStatus(await world.fhir.call(who, 'POST', `${working}/$sign`), 200);
  const parts = objectsAt(answer.body, 'parameter');
  const response = parts.find((one) => one.name === 'response');
  return {
    status: need(response, 'resource', 'status'),
    missing: parts.filter((one) => one.name === 'missing').length,
  };
}

/** Signatures and release. Gives the address of the copy. */
async function share(world: World, visited: VisitedFamily): Promise<string> {
  const { screen, fhir, cast } = world;
  const { working } = visited;
  await screen.step('Helen', 'signs, and tries to release at once', async () => {
    const { missing } = await sign(world, cast.helen, working);
    const early = expectStatus(await fhir.call(cast.helen, 'POST', `${working}/$release`), 422);
    return { status: early.status, fact: `not yet: ${missing} signature over these very words is missing` };
  });
  await screen.step('Priya', 'signs', async () => {
    const { status, missing } = await sign(world, cast.priya, working);
    expect(status === 'completed' && missing === 0, `the assessment is ${status}, ${missing} signatures missing`);
    return { status: 200, fact: 'completed: two signatures, one author, each item with its own' };
  });
  const seen = await screen.step('Priya', 'releases it: the family has said yes to this copy', async () => {
    const released = expectStatus(await fhir.call(cast.priya, 'POST', `${working}/$release`), 200);
    const copy = addressOf(released.body);
    expectStatus(await fhir.call(cast.hvSystem, 'GET', copy), 200);
    const closed = expectStatus(await fhir.call(cast.hvSystem, 'GET', working), 404);
    return {
      status: 200,
      fact: `a copy of its own for both services; the working copy stays shut (${closed.status})`,
      copy,
    };
  });
  return seen.copy;
}

interface Applied {
  /** How many resources each action was done to. */
  actions: Map<string, number>;
  /** Addresses by action. */
  resources: { action: string; address: string }[];
}

async function apply(world: World, who: Actor, copy: string): Promise<Applied> {
  const answer = expectStatus(await world.fhir.call(who, 'POST', `${copy}/$extract-apply`), 200);
  const resources = objectsAt(answer.body, 'parameter').map((one) => ({
    action: String(one.name),
    address:
      textAt(
        objectsAt(one, 'part').find((part) => part.name === 'resource'),
        'valueReference',
        'reference',
      ) ?? '',
  }));
  const actions = new Map<string, number>();
  for (const { action } of resources) actions.set(action, (actions.get(action) ?? 0) + 1);
  return { actions, resources };
}

/** Everything of these types about her, by address. */
async function about(world: World, patient: string): Promise<string[]> {
  const found = await Promise.all(
    YIELD.map(async (type) => {
      const answer = await world.fhir.call(world.cast.helen, 'GET', `${type}?patient=${patient}&_count=200`);
      return resourcesOf(expectStatus(answer, 200).body).map(addressOf);
    }),
  );
  return found.flat();
}

/** `$extract` shows, `$extract-apply` writes. Gives the address of the plan. */
async function extract(world: World, visited: VisitedFamily, copy: string): Promise<string> {
  const { screen, fhir, cast } = world;
  await screen.step('Helen', 'asks what the copy yields ($extract)', async () => {
    const before = await about(world, visited.patient);
    const bundle = expectStatus(await fhir.call(cast.helen, 'GET', `${copy}/$extract`), 200).body;
    const after = await about(world, visited.patient);
    expect(before.length === after.length, '$extract wrote something');
    return {
      status: 200,
      fact: `a Bundle: ${countByType(resourcesOf(bundle).map((one) => need(one, 'resourceType')))}; nothing written`,
    };
  });
  const seen = await screen.step('Helen', 'has it written ($extract-apply)', async () => {
    const { actions, resources } = await apply(world, cast.helen, copy);
    const made = resources.filter(({ action }) => action === 'create').map(({ address }) => address);
    expect(made.length > 0 && made.length === resources.length, `not all were made: ${JSON.stringify([...actions])}`);
    const plan = made.find((address) => address.startsWith('CarePlan/')) ?? '';
    expect(plan !== '', 'no CarePlan came of it');
    const voices = expectStatus(
      await fhir.call(cast.helen, 'GET', `Observation?patient=${visited.patient}&code=voice-of-unborn`),
      200,
    );
    const [voice] = resourcesOf(voices.body);
    expect(textAt(voice, 'focus', 0, 'reference') === visited.baby, "the baby's voice is not about the baby");
    return {
      status: 200,
      fact: `${made.length} made; her record, the unborn baby as their focus; no score anywhere`,
      plan,
      at: Date.now(),
    };
  });
  return seen.plan;
}

const countByType = (types: readonly string[]): string =>
  [...Map.groupBy(types, (type) => type)].map(([type, all]) => `${all.length} ${type}`).join(', ');

async function told(world: World, plan: string): Promise<void> {
  const { screen, fhir, cast, hook } = world;
  const from = Date.now();
  await screen.step('Both systems', 'are told "care-plan-changed" at their own endpoints', async () => {
    const [hv, epr] = await Promise.all(
      ['hv-plans', 'epr-plans'].map((name) =>
        hook.next(name, 'event-notification', (one) => one.focus === plan, WITHIN_MS),
      ),
    );
    const last = Math.max(hv?.at.getTime() ?? 0, epr?.at.getTime() ?? 0);
    return { fact: `${duration(Math.max(1, last - from))} after the plan was written; ids only: ${plan}` };
  });
  for (const system of [cast.hvSystem, cast.epr]) {
    await screen.step(system.name, 'synchronises the plan with its own token', async () => {
      const read = expectStatus(await fhir.call(system, 'GET', plan), 200).body;
      const goals = await Promise.all(
        objectsAt(read, 'goal').map(
          async (one) => expectStatus(await fhir.call(system, 'GET', need(one, 'reference')), 200).body,
        ),
      );
      return { status: 200, fact: goals.map((goal) => `"${textAt(goal, 'description', 'text')}"`).join(', ') };
    });
  }
}

/** What people have changed since is left as it is; a changed answer stands beside it as a proposal. */
async function edited(world: World, visited: VisitedFamily, copy: string): Promise<void> {
  const { screen, fhir, cast } = world;
  const seen = await screen.step('Helen', 'edits the first goal: the group now meets on Tuesdays', async () => {
    const found = await fhir.call(cast.helen, 'GET', `Goal?patient=${visited.patient}&_sort=_lastUpdated`);
    const goal = resourcesOf(expectStatus(found, 200).body).find(
      (one) => one.lifecycleStatus === 'active' && words(one).startsWith('Meet'),
    );
    if (goal === undefined) throw new StoryFailure('the goal is not there');
    const note: JsonObject[] = [...objectsAt(goal, 'note'), { text: 'The group now meets on Tuesdays.' }];
    const address = addressOf(goal);
    const ifMatch = `W/"${need(goal, 'meta', 'versionId')}"`;
    expectStatus(await fhir.call(cast.helen, 'PUT', address, { body: { ...goal, note }, ifMatch }), 200);
    return { status: 200, fact: `"${words(goal)}", version 2`, address };
  });
  await screen.step('Helen', 'has it written once more', async () => {
    const before = (await about(world, visited.patient)).length;
    const { actions } = await apply(world, cast.helen, copy);
    const after = (await about(world, visited.patient)).length;
    expect(after === before, `${after - before} duplicates`);
    expect((actions.get('create') ?? 0) === 0 && actions.get('keep') === 1, JSON.stringify([...actions]));
    return {
      status: 200,
      fact: `no duplicates: ${actions.get('unchanged')} unchanged, 1 kept because a person edited it`,
    };
  });
  await screen.step('Priya', 'rewords that goal in the assessment; both sign, it is released again', async () => {
    const read = expectStatus(await fhir.call(cast.priya, 'GET', visited.working), 200);
    const body = goalReworded(read.body, 'Meet other parents of first babies');
    expectStatus(await fhir.call(cast.priya, 'PUT', visited.working, { body, ifMatch: read.etag }), 200);
    await sign(world, cast.priya, visited.working);
    const { status } = await sign(world, cast.helen, visited.working);
    const again = expectStatus(await fhir.call(cast.helen, 'POST', `${visited.working}/$release`), 200);
    expect(addressOf(again.body) === copy, 'the release made another copy');
    return {
      status: 200,
      fact: `assessment ${status}; the same copy, version ${need(again.body, 'meta', 'versionId')}`,
    };
  });
  await screen.step('Helen', 'has the new release written', async () => {
    const { actions } = await apply(world, cast.helen, copy);
    const goal = expectStatus(await fhir.call(cast.helen, 'GET', seen.address), 200).body;
    expect(JSON.stringify(goal).includes('Tuesdays'), "Helen's edit is gone");
    expect(actions.get('propose') === 1, `no proposal: ${JSON.stringify([...actions])}`);
    return {
      status: 200,
      fact: "Helen's words stay; the change stands beside them as a proposal for a person to take",
    };
  });
}

const words = (goal: JsonObject): string => textAt(goal, 'description', 'text') ?? '';

async function whoSeesWhat(world: World, visited: VisitedFamily, copy: string, plan: string): Promise<void> {
  const { screen, fhir, cast } = world;
  await screen.step('The mother', 'reads her plan and the copy on her own page', async () => {
    const mother = cast.mother(visited.patient);
    const read = expectStatus(await fhir.call(mother, 'GET', plan), 200);
    expectStatus(await fhir.call(mother, 'GET', copy), 200);
    expectStatus(await fhir.call(mother, 'GET', visited.working), 404);
    return {
      status: 200,
      fact: `${objectsAt(read.body, 'goal').length} goals in her words; the working copy is not hers to see (404)`,
    };
  });
  await screen.step('Her partner', `${visited.partnerName} asks for the plan; she has given no permit`, async () => {
    const partner = cast.partner(visited.partner, visited.patient);
    const answers = await Promise.all([plan, copy, visited.patient].map((one) => fhir.call(partner, 'GET', one)));
    for (const one of answers) expectStatus(one, 404);
    return { status: 404, fact: 'plan, copy and mother alike: as if there were nothing (R-15)' };
  });
  await screen.step('Tom', 'sees the appointment, and asks for the assessment', async () => {
    expectStatus(await fhir.call(cast.tom, 'GET', visited.appointment), 200);
    const [first] = await Promise.all(
      [copy, plan].map(async (one) => expectStatus(await fhir.call(cast.tom, 'GET', one), 403, 404)),
    );
    return { status: first?.status ?? 0, fact: 'the appointment yes (200); assessment and plan no (R-25)' };
  });
}
