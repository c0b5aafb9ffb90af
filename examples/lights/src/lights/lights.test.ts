import { describe, expect, test } from 'vitest';
import { LastKnown } from '../live/last-known.ts';
import { commandExpiry, sessionExpiry } from './commands.ts';
import { Deletions } from './deletions.ts';
import type { Fleet } from './fleet.ts';
import type { Connectivity } from './light.ts';
import { Lights } from './lights.ts';
import { Store } from './store.ts';

/** An IoT core of a few maps. */
class FakeFleet implements Fleet {
  readonly endpoint = 'core.example.com';
  readonly owners = new Map<string, string>();
  readonly known = new Map<string, Connectivity>();
  readonly sent: unknown[] = [];
  broken = false;

  async issueCertificate() {
    return { id: 'c', arn: 'arn', certificatePem: 'pem', privateKey: 'private', publicKey: 'public' };
  }
  async register(id: string, owner: string) {
    if (this.broken) throw new Error('no connection');
    this.owners.set(id, owner);
  }
  async search(owner: string) {
    const own = [...this.owners].filter(([, of]) => of === owner);
    return { lights: own.map(([id]) => ({ id, connectivity: this.known.get(id) ?? { connected: false } })) };
  }
  async connectivity(id: string) {
    return this.known.get(id);
  }
  async send(id: string, message: object, expiry: number) {
    this.sent.push({ id, message, expiry });
  }
  async remove(id: string) {
    this.owners.delete(id);
  }
}

function setUp() {
  const clock = { now: Date.parse('2026-01-01T00:00:00Z') };
  const now = () => clock.now;
  const store = new Store(':memory:');
  const fleet = new FakeFleet();
  const lastKnown = new LastKnown();
  const deletions = new Deletions({ store, fleet, now, failed: () => {} });
  const lights = new Lights({ store, fleet, lastKnown, deletions, now });
  const owner = store.ownerId('issuer', 'hanako');
  return { clock, store, fleet, lastKnown, deletions, lights, owner };
}

const ago = (clock: { now: number }, seconds: number): string => new Date(clock.now - seconds * 1000).toISOString();

describe('a command', () => {
  test('goes to a connected light now, and expires', async () => {
    const { fleet, lights, owner } = setUp();
    const { id } = await lights.create(owner, 'a');
    fleet.known.set(id, { connected: true });
    const sent = await lights.command(owner, id, { command: 'brightness', level: 40 });
    expect(sent).toEqual({ delivery: 'now', expiresAt: '2026-01-01T12:00:00.000Z' });
    expect(fleet.sent).toEqual([{ id, message: { command: 'brightness', level: 40 }, expiry: commandExpiry }]);
  });

  test('waits for a light that has a session, and is refused where none could keep it', async () => {
    const { clock, fleet, lights, owner } = setUp();
    const { id } = await lights.create(owner, 'a');
    const refused = { type: 'light-never-connected' };
    await expect(lights.command(owner, id, { command: 'on' })).rejects.toMatchObject(refused);
    fleet.known.set(id, { connected: false, since: ago(clock, sessionExpiry - 1) });
    expect((await lights.command(owner, id, { command: 'on' })).delivery).toBe('on-return');
    fleet.known.set(id, { connected: false, since: ago(clock, sessionExpiry) });
    await expect(lights.command(owner, id, { command: 'on' })).rejects.toMatchObject(refused);
    expect(fleet.sent).toHaveLength(1);
  });
});

test('a deleted light is gone at once, though the index still has it', async () => {
  const { fleet, lights, owner } = setUp();
  const { id } = await lights.create(owner, 'a');
  lights.delete(owner, id);
  expect(fleet.owners.has(id)).toBe(true);
  expect(await lights.list(owner, { limit: 10 })).toEqual({ lights: [] });
  await expect(lights.show(owner, id)).rejects.toMatchObject({ type: 'light-not-found' });
  expect(() => lights.delete(owner, id)).toThrow('you have no light');
});

test('a light that could not be made whole is seen by nobody, and removed', async () => {
  const { clock, store, fleet, lights, deletions, owner } = setUp();
  fleet.broken = true;
  await expect(lights.create(owner, 'a')).rejects.toThrow('no connection');
  const [due] = store.dueDeletions(clock.now + 5 * 60_000);
  expect(due).toMatchObject({ certificateId: 'c' });
  expect(store.light(due!.id)).toBeUndefined();
  clock.now += 5 * 60_000;
  await deletions.runDue();
  expect(store.nextDeletion()).toBeUndefined();
});

test('a person is one owner, whatever another issuer calls theirs', () => {
  const { store, owner } = setUp();
  expect(store.ownerId('issuer', 'hanako')).toBe(owner);
  expect(store.ownerId('another', 'hanako')).not.toBe(owner);
});
