/**
 * Where notifications may go (SSRF). A host must be on the operator's list; https only, plain http on loopback alone.
 * The address is checked at the moment of connecting, by the same look-up that connects: a name that changes its
 * address between check and use gains nothing.
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

export interface EndpointPolicy {
  /** `host`, `host:port` or `*.domain`, lower case (WEBHOOK_ALLOW). */
  allow: readonly string[];
}

type Reach = 'loopback' | 'private' | 'public';

const NEVER = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  NEVER.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['::', 128],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  NEVER.addSubnet(net, prefix, 'ipv6');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8, 'ipv4');
PRIVATE.addSubnet('172.16.0.0', 12, 'ipv4');
PRIVATE.addSubnet('192.168.0.0', 16, 'ipv4');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');

/** What kind of place an address is, or null for one that nothing may be sent to (link-local, metadata, reserved). */
export function reachOf(address: string): Reach | null {
  const family = isIP(address);
  if (family === 0) return null;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  // IPv4-mapped addresses are checked as IPv4 by BlockList itself.
  if (NEVER.check(address, kind)) return null;
  if (LOOPBACK.check(address, kind)) return 'loopback';
  return PRIVATE.check(address, kind) ? 'private' : 'public';
}

/** Why an endpoint is not allowed, in plain words; null when it is. Looks at the text only, not at the network. */
export function endpointFault(endpoint: string, policy: EndpointPolicy): string | null {
  const url = URL.parse(endpoint);
  if (!url || endpoint.length > 1_000) return 'is not an absolute URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https address';
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  if (url.hash !== '') return 'must not have a fragment';
  if (allowance(url, policy) === null) return 'is not one of the hosts this service may send to (WEBHOOK_ALLOW)';
  if (url.protocol === 'http:' && !isLoopbackName(url.hostname)) return 'must be https';
  return null;
}

/**
 * A look-up for connecting that refuses addresses the policy does not cover. A host named in full by the operator may
 * be on a private network; `*.domain` reaches public addresses only; loopback must be asked for by name.
 */
export function guardedLookup(endpoint: string, policy: EndpointPolicy): LookupFunction {
  const url = new URL(endpoint);
  const named = allowance(url, policy);
  return (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '', 0);
      const blocked = addresses.find(({ address }) => !permitted(address, url.hostname, named));
      const first = addresses[0];
      if (blocked || !first) return callback(new Error('address not permitted'), '', 0);
      if (options.all) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

/** True when an endpoint that names an address (no look-up happens then) may be connected to. */
export function literalPermitted(endpoint: string, policy: EndpointPolicy): boolean {
  const url = new URL(endpoint);
  const host = bare(url.hostname);
  return isIP(host) === 0 || permitted(host, url.hostname, allowance(url, policy));
}

function permitted(address: string, hostname: string, named: 'exact' | 'wildcard' | null): boolean {
  const reach = reachOf(address);
  if (named === null || reach === null) return false;
  if (reach === 'loopback') return named === 'exact' && isLoopbackName(hostname);
  return reach === 'public' || named === 'exact';
}

function allowance(url: URL, policy: EndpointPolicy): 'exact' | 'wildcard' | null {
  const host = url.hostname.toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (policy.allow.includes(host) || policy.allow.includes(`${host}:${port}`)) return 'exact';
  const wild = policy.allow.some((entry) => {
    const [domain = '', only] = entry.split(':');
    return domain.startsWith('*.') && host.endsWith(domain.slice(1)) && (only === undefined || only === port);
  });
  return wild ? 'wildcard' : null;
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || reachOf(bare(hostname)) === 'loopback';
}

function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
