/** A certificate of one's own for `localhost`, as a TLS server of a test needs it: X.509 made by hand, good for a day. */
import { generateKeyPairSync, sign } from 'node:crypto';

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const length =
    body.length < 128 ? Buffer.from([body.length]) : Buffer.from([0x82, body.length >> 8, body.length & 255]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
};
const SEQUENCE = 0x30;
const ECDSA_SHA256 = der(SEQUENCE, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
const COMMON_NAME = der(0x06, Buffer.from('550403', 'hex'));

export function selfSigned(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = der(SEQUENCE, der(0x31, der(SEQUENCE, COMMON_NAME, der(0x0c, Buffer.from('localhost')))));
  const time = (at: number): Buffer => {
    const text = new Date(at)
      .toISOString()
      .replace(/[-:T]|\.\d{3}/g, '')
      .slice(2);
    return der(0x17, Buffer.from(text));
  };
  const day = 86_400_000;
  const validity = der(SEQUENCE, time(Date.now() - day), time(Date.now() + day));
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const tbs = der(SEQUENCE, der(0x02, Buffer.from([1])), ECDSA_SHA256, name, validity, name, spki);
  const signature = der(0x03, Buffer.from([0]), sign('sha256', tbs, privateKey));
  const cert = der(SEQUENCE, tbs, ECDSA_SHA256, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${cert}\n-----END CERTIFICATE-----\n`,
  };
}
