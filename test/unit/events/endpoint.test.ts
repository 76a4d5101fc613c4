/** SSRF: which addresses notifications may reach. */
import { describe, expect, test } from '@jest/globals';
import { endpointFault, guardedLookup, literalPermitted, reachOf } from '../../../src/events/endpoint.ts';

const policy = {
  allow: [
    'hv.example.org',
    'port.example.org:8443',
    '*.nhs.example',
    '127.0.0.1',
    'localhost',
    '10.1.2.3',
    '169.254.169.254',
  ],
};

describe('reach', () => {
  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.9.9.9', 'loopback'],
    ['::1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.31.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.1.1', 'private'],
    ['fd00::1', 'private'],
    ['8.8.8.8', 'public'],
    ['2a00::1', 'public'],
    ['169.254.169.254', null],
    ['0.0.0.0', null],
    ['::', null],
    ['100.64.0.1', null],
    ['224.0.0.1', null],
    ['255.255.255.255', null],
    ['fe80::1', null],
    ['::ffff:169.254.169.254', null],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:10.0.0.1', 'private'],
    ['64:ff9b::a9fe:a9fe', null],
    ['not an address', null],
  ])('%s is %s', (address, reach) => {
    expect(reachOf(address)).toBe(reach);
  });
});

describe('endpoints', () => {
  test.each([
    ['https://hv.example.org/hook', true],
    ['https://hv.example.org:9443/hook', true],
    ['https://port.example.org:8443/', true],
    ['https://port.example.org/', false],
    ['https://a.b.nhs.example/', true],
    ['https://nhs.example/', false],
    ['https://evilnhs.example/', false],
    ['https://hv.example.org.evil.org/', false],
    ['http://hv.example.org/hook', false],
    ['http://127.0.0.1:9/hook', true],
    ['http://localhost:9/hook', true],
    ['http://2130706433/', true],
    ['https://user:pass@hv.example.org/', false],
    ['https://hv.example.org/#x', false],
    ['file:///etc/passwd', false],
    ['gopher://hv.example.org/', false],
    ['hv.example.org', false],
  ])('%s allowed: %s', (endpoint, allowed) => {
    expect(endpointFault(endpoint, policy) === null).toBe(allowed);
  });

  test.each([
    ['http://127.0.0.1:9/', true],
    ['https://10.1.2.3/', true],
    ['https://169.254.169.254/', false],
    ['https://hv.example.org/', true],
  ])('an address in the URL, %s: %s', (endpoint, permitted) => {
    expect(literalPermitted(endpoint, policy)).toBe(permitted);
  });

  test('a name on the list that resolves to loopback is not connected to, unless it is localhost', async () => {
    const look = (endpoint: string, allow: string[]) =>
      new Promise<boolean>((resolve) => {
        guardedLookup(endpoint, { allow })('localhost', {}, (error) => resolve(error === null));
      });
    expect(await look('https://hv.example.org/', ['hv.example.org'])).toBe(false);
    expect(await look('https://a.nhs.example/', ['*.nhs.example'])).toBe(false);
    expect(await look('http://localhost:9/', ['localhost'])).toBe(true);
    expect(await look('http://localhost:9/', [])).toBe(false);
  });
});
