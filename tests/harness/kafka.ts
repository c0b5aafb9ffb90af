/** A Kafka cluster for tests: librdkafka's own mock, which lives in a `kcat` process, and what `kcat` reads of its topics. */
import { launch, run } from './command.ts';
import { eventually } from './eventually.ts';

export class KafkaCluster {
  /** host:port of its broker. Connections are in the clear. */
  readonly server: string;

  private constructor(server: string) {
    this.server = server;
  }

  /** It ends with the test file. Topics come about when they are first named, with four partitions. */
  static async start(): Promise<KafkaCluster> {
    const mock = ['-X', 'test.mock.num.brokers=1', '-X', 'debug=mock'];
    const kcat = launch('kcat', ['-C', '-q', '-b', 'mock', '-t', 'kept-alive', ...mock]);
    const printed = () => /bootstrap\.servers=(127\.0\.0\.1:\d+)/.exec(kcat.stderr)?.[1];
    return new KafkaCluster(await eventually('the mock cluster is up', printed, 10_000));
  }

  /** The records of a topic, once there are `count`, each in kcat's `format`. */
  records(topic: string, count: number, format: string): Promise<string[]> {
    const line = ['-C', '-q', '-e', '-b', this.server, '-t', topic, '-o', 'beginning', '-f', `${format}\n`];
    return eventually(
      `${count} records in ${topic}`,
      async () => {
        const { stdout } = await run('kcat', line);
        const lines = stdout.split('\n').slice(0, -1);
        return lines.length >= count && lines;
      },
      20_000,
    );
  }
}
