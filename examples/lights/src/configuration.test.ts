import { expect, test } from 'vitest';
import { configure } from './configuration.ts';

const development = { LIGHTS_SIGN_IN: 'development' };

test('people sign in at an issuer, or anyone is anyone on this machine alone', () => {
  const issuer = { LIGHTS_OIDC_ISSUER: 'https://id.example.com', LIGHTS_OIDC_CLIENT_ID: 'lights' };
  expect(configure(issuer).signIn).toEqual({ issuer: 'https://id.example.com', clientId: 'lights' });
  expect(configure(development)).toMatchObject({ signIn: 'development', host: '127.0.0.1', port: 3000 });
});

test('what `thingd env` tells is understood', () => {
  expect(configure({ ...development, THINGD_HTTPS_PORT: '8443' }).devicePort).toBe(8443);
  expect(configure({ ...development, THINGD_HTTPS_PORT: '8443', LIGHTS_DEVICE_PORT: '1' }).devicePort).toBe(1);
});

test.each([
  ['neither', {}, 'LIGHTS_OIDC_ISSUER'],
  ['an issuer without a client', { LIGHTS_OIDC_ISSUER: 'https://id.example.com' }, 'LIGHTS_OIDC_CLIENT_ID'],
  ['both', { ...development, LIGHTS_OIDC_ISSUER: 'https://id.example.com' }, 'exclude each other'],
  ['development for the whole network', { ...development, LIGHTS_HOST: '0.0.0.0' }, 'LIGHTS_HOST'],
  ['a sign-in nobody knows', { LIGHTS_SIGN_IN: 'none' }, 'LIGHTS_SIGN_IN'],
  ['a port that is none', { ...development, LIGHTS_PORT: 'http' }, 'LIGHTS_PORT'],
])('is refused, and says what to set: %s', (_, environment, named) => {
  expect(() => configure(environment)).toThrow(named);
});
