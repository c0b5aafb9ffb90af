/** IoTLite as its README deploys it: its CloudFormation stack on moto, its REST API in front of a thingd. */
import { join } from 'node:path';
import { AwsCli, quiet } from '../harness/aws-cli.ts';
import { launch, type Running } from '../harness/command.ts';
import { startMoto } from '../harness/rule-ground.ts';
import { cleanEnvironment, type Thingd } from '../harness/thingd.ts';

const policyName = 'IoTLiteLightPolicy';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the application's, each test reads what it needs
  readonly body: any;
}

export class IoTLite {
  readonly child: Running;
  readonly queueUrl: string;
  /** The `aws` command against the services that are not thingd. */
  readonly moto: AwsCli;
  readonly #url: string;

  constructor(child: Running, url: string, moto: AwsCli, queueUrl: string) {
    this.child = child;
    this.#url = url;
    this.moto = moto;
    this.queueUrl = queueUrl;
  }

  async call(method: string, path: string): Promise<Answer> {
    const answer = await fetch(this.#url + path, { method });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  }
}

/** Deploys the checkout in `directory`. thingd must be of moto's account, whose ARNs the stack's policy names. */
export async function deployIoTLite(directory: string, thingd: Thingd): Promise<IoTLite> {
  const motoUrl = await startMoto();
  const moto = new AwsCli(thingd, { AWS_ENDPOINT_URL: motoUrl });
  const template = `file://${join(directory, 'CloudFormation.yaml')}`;
  await moto.json('cloudformation', 'create-stack', '--stack-name', 'IoTLite', '--template-body', template);
  const { Stacks } = await moto.json('cloudformation', 'describe-stacks', '--stack-name', 'IoTLite');
  const output = (key: string): string =>
    Stacks[0].Outputs.find(({ OutputKey }: { OutputKey: string }) => OutputKey === key).OutputValue;

  // The stack's policy belongs to IoT, which is thingd here.
  const { policyDocument } = await moto.json('iot', 'get-policy', '--policy-name', policyName);
  const document = typeof policyDocument === 'string' ? policyDocument : JSON.stringify(policyDocument);
  const aws = new AwsCli(thingd);
  await aws.json('iot', 'create-policy', '--policy-name', policyName, '--policy-document', document);
  // Its searches take an account for granted where fleet indexing is on.
  const indexing = 'thingIndexingMode=REGISTRY,thingConnectivityIndexingMode=STATUS';
  await aws.json('iot', 'update-indexing-configuration', '--thing-indexing-configuration', indexing);

  const child = launch('python3', [join(import.meta.dirname, 'serve.py'), directory], {
    env: {
      ...cleanEnvironment,
      ...quiet,
      ...thingd.env,
      AWS_ENDPOINT_URL: `https://${thingd.host}:${thingd.endpoints.https.port}`,
      AWS_CA_BUNDLE: thingd.caFile,
      AWS_ENDPOINT_URL_SQS: motoUrl,
      DELETE_SQS_URL: output('DeletionSQSURL'),
      DELETE_SQS_NAME: output('DeletionSQSName'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  const address = /^serving (http:\S+)$/m;
  await child.prints(address, 30_000);
  return new IoTLite(child, address.exec(child.stdout)![1]!, moto, output('DeletionSQSURL'));
}
