/** The order of a run: what takes longest begins first, so that no worker waits at the end for one that began late. */
const SLOWEST = [
  'adversary/h09-kill',
  'journeys/console-pages',
  'journeys/seal',
  'conformance/search-equality',
  'adversary/h06-same-rows',
  'oracle/',
  'adversary/existence-oracle',
  'journeys/setup-database',
  'journeys/oversight.test',
  'journeys/setup-production',
  'journeys/seed',
  'journeys/story',
  'journeys/run-contract',
  'journeys/paging-sorted',
  'journeys/events-delivery',
  'conformance/',
  'adversary/',
  'journeys/',
];

const rank = (path) => {
  const place = SLOWEST.findIndex((part) => path.includes(`/test/${part}`));
  return place === -1 ? SLOWEST.length : place;
};

/** What jest asks of a sequencer. */
export default class SlowestFirst {
  sort(tests) {
    return [...tests].sort((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1));
  }
  allFailedTests(tests) {
    return tests;
  }
  cacheResults() {}
  shard(tests) {
    return tests;
  }
}
