/** Which subscriptions a change concerns: looked up by topic and filter value, never one by one. */
import type { Resource } from '../fhir/types.ts';
import type { SubscriptionSettings } from '../store/subscriptions.ts';
import { type Topic, topicByUrl } from './topics.ts';

export interface Matcher {
  /** Adds, replaces or (status `off`) removes a subscription. */
  put(subscription: SubscriptionSettings): void;
  /** Subscriptions of the topic whose filters all hold for the focus, in the order of their ids. */
  find(topic: Topic, focus: Resource): SubscriptionSettings[];
  /** True when any subscription has the topic: spares reading versions that concern nobody. */
  wants(topic: Topic): boolean;
}

/** An empty index. */
export function createMatcher(): Matcher {
  const all = new Map<string, SubscriptionSettings>();
  /** topic -> key of the first filter's value (or '' without filters) -> ids. */
  const index = new Map<string, Map<string, Set<string>>>();

  const remove = (id: string): void => {
    const old = all.get(id);
    if (!old) return;
    all.delete(id);
    const keys = index.get(old.topic);
    for (const key of keysOf(old)) {
      keys?.get(key)?.delete(id);
      if (keys?.get(key)?.size === 0) keys.delete(key);
    }
    if (keys?.size === 0) index.delete(old.topic);
  };

  return {
    put: (subscription) => {
      remove(subscription.id);
      if (subscription.status === 'off' || !topicByUrl(subscription.topic)) return;
      all.set(subscription.id, subscription);
      const keys = index.get(subscription.topic) ?? new Map<string, Set<string>>();
      index.set(subscription.topic, keys);
      for (const key of keysOf(subscription)) keys.set(key, (keys.get(key) ?? new Set()).add(subscription.id));
    },
    find: (topic, focus) => {
      const keys = index.get(topic.url);
      if (!keys) return [];
      const found = new Set(keys.get(''));
      for (const [param, valuesOf] of Object.entries(topic.filters)) {
        for (const value of valuesOf(focus)) for (const id of keys.get(`${param}=${value}`) ?? []) found.add(id);
      }
      return [...found]
        .sort()
        .flatMap((id) => all.get(id) ?? [])
        .filter((subscription) => holds(subscription, topic, focus));
    },
    wants: (topic) => index.has(topic.url),
  };
}

function keysOf(subscription: SubscriptionSettings): string[] {
  const first = subscription.filters[0];
  return first ? first.values.map((value) => `${first.param}=${value}`) : [''];
}

function holds(subscription: SubscriptionSettings, topic: Topic, focus: Resource): boolean {
  return subscription.filters.every(({ param, values }) => {
    const present = topic.filters[param]?.(focus) ?? [];
    return values.some((value) => present.includes(value));
  });
}
