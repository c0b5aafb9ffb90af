/** The broker package alone on a port, everybody allowed everything: `node --conditions=@thingd/source bench/embedded.ts 1883` */
import { Broker, listenTcp, profiles } from '@thingd/broker';

const everything = {
  generation: 0,
  cacheable: true,
  publish: () => true,
  subscribe: () => true,
  receive: () => true,
};

const broker = await Broker.start({
  profile: profiles.open,
  authenticator: {
    authenticate: connect => ({ admitted: true, realm: 'bench', principal: connect.clientId, authorizer: everything }),
  },
});
const listener = await listenTcp(broker, { host: '127.0.0.1', port: Number(process.argv[2] ?? 1883) });

process.once('SIGTERM', async () => {
  await listener.close();
  await broker.close();
  process.exit(0);
});
