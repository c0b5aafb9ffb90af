/** The `aws` command, unmodified, through a device's first day: what people type from the walk-throughs. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { AwsCli } from './harness/aws-cli.ts';
import { allow, anything, policyDocument } from './harness/device.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { describeWith } from './harness/parts.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

describeWith(['aws'], 'the aws command', () => {
  let thingd: Thingd;
  let aws: AwsCli;

  beforeAll(async () => {
    thingd = await startThingd();
    aws = new AwsCli(thingd);
  });

  test('brings a light from keys to endpoint', { timeout: 120_000 }, async () => {
    const directory = await temporaryDirectory();
    const pem = join(directory, 'light.cert.pem');
    const key = join(directory, 'light.private.key');
    const publicKey = join(directory, 'light.public.key');

    const created = await aws.json(
      ...['iot', 'create-keys-and-certificate', '--set-as-active', '--certificate-pem-outfile', pem],
      ...['--private-key-outfile', key, '--public-key-outfile', publicKey],
    );
    const certificate = new X509Certificate(await readFile(pem));
    expect(created.certificateId).toBe(createHash('sha256').update(certificate.raw).digest('hex'));
    expect(created.certificateArn).toBe(
      `arn:aws:iot:us-east-1:${thingd.credentials.accountId}:cert/${created.certificateId}`,
    );
    expect(created.certificatePem).toBe(await readFile(pem, 'utf8'));
    expect(created.keyPair.PrivateKey).toBe(await readFile(key, 'utf8'));
    expect(created.keyPair.PublicKey).toBe(await readFile(publicKey, 'utf8'));
    expect(certificate.verify(new X509Certificate(await readFile(thingd.caFile)).publicKey)).toBe(true);
    expect((await stat(key)).size).toBeGreaterThan(1000);

    const documentFile = join(directory, 'policy.json');
    await writeFile(documentFile, anything);
    const policy = await aws.json(
      ...['iot', 'create-policy', '--policy-name', 'light', '--policy-document', `file://${documentFile}`],
    );
    expect(policy).toEqual({
      policyName: 'light',
      policyArn: `arn:aws:iot:us-east-1:${thingd.credentials.accountId}:policy/light`,
      policyDocument: anything,
      policyVersionId: '1',
    });

    const target = created.certificateArn;
    expect(await aws.json('iot', 'attach-policy', '--policy-name', 'light', '--target', target)).toBeUndefined();
    const legacy = ['--policy-name', 'light', '--principal', target];
    expect(await aws.json('iot', 'attach-principal-policy', ...legacy)).toBeUndefined();

    const thing = await aws.json(
      ...['iot', 'create-thing', '--thing-name', 'kitchen', '--attribute-payload', '{"attributes":{"watts":"9"}}'],
    );
    expect(thing).toMatchObject({
      thingName: 'kitchen',
      thingArn: `arn:aws:iot:us-east-1:${thingd.credentials.accountId}:thing/kitchen`,
    });
    expect(thing.thingId).toMatch(/^[0-9a-f-]{36}$/);
    await aws.json('iot', 'attach-thing-principal', '--thing-name', 'kitchen', '--principal', target);

    const described = await aws.json('iot', 'describe-thing', '--thing-name', 'kitchen');
    expect(described).toMatchObject({
      defaultClientId: 'kitchen',
      thingName: 'kitchen',
      attributes: { watts: '9' },
      version: 1,
    });
    const certificateDescription = await aws.json(
      'iot',
      'describe-certificate',
      '--certificate-id',
      created.certificateId,
    );
    expect(certificateDescription.certificateDescription).toMatchObject({
      status: 'ACTIVE',
      ownedBy: thingd.credentials.accountId,
    });
    expect(await aws.json('iot', 'list-attached-policies', '--target', target)).toMatchObject({
      policies: [{ policyName: 'light' }],
    });
    expect(await aws.json('iot', 'list-principal-policies', '--principal', target)).toMatchObject({
      policies: [{ policyName: 'light' }],
    });
    expect(await aws.json('iot', 'list-targets-for-policy', '--policy-name', 'light')).toMatchObject({
      targets: [target],
    });
    expect(await aws.json('iot', 'list-thing-principals', '--thing-name', 'kitchen')).toMatchObject({
      principals: [target],
    });
    expect(await aws.json('iot', 'list-principal-things', '--principal', target)).toMatchObject({
      things: ['kitchen'],
    });
  });

  test('is told an endpoint with and without a type', async () => {
    const plain = await aws.json('iot', 'describe-endpoint');
    expect(plain.endpointAddress).toMatch(/^localhost(:\d+)?$/);
    for (const type of ['iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs']) {
      const typed = await aws.json('iot', 'describe-endpoint', '--endpoint-type', type);
      expect(typed.endpointAddress, type).toMatch(/^localhost(:\d+)?$/);
    }
    expect(await aws.failure('iot', 'describe-endpoint', '--endpoint-type', 'iot:Nothing')).toContain(
      'An error occurred (InvalidRequestException) when calling the DescribeEndpoint operation',
    );
  });

  test('pages through things, each once, while things are added', { timeout: 120_000 }, async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await aws.json('iot', 'create-thing', '--thing-name', `page-${name}`);
    const first = await aws.json('iot', 'list-things', '--page-size', '2', '--max-items', '2');
    expect(first.things).toHaveLength(2);
    await aws.json('iot', 'create-thing', '--thing-name', 'page-0-new');

    const names = first.things.map((thing: { thingName: string }) => thing.thingName);
    const rest = await aws.json('iot', 'list-things', '--page-size', '2', '--starting-token', first.NextToken);
    names.push(...rest.things.map((thing: { thingName: string }) => thing.thingName));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['page-a', 'page-b', 'page-c', 'page-d', 'page-e']));
  });

  test('lists certificates and policies in the order asked for', async () => {
    const { certificates } = await aws.json('iot', 'list-certificates', '--ascending-order');
    const reversed = await aws.json('iot', 'list-certificates', '--no-ascending-order');
    expect(reversed.certificates).toEqual([...certificates].reverse());
    expect((await aws.json('iot', 'list-policies')).policies).toContainEqual({
      policyName: 'light',
      policyArn: `arn:aws:iot:us-east-1:${thingd.credentials.accountId}:policy/light`,
    });
  });

  test('keeps five versions of a policy and no sixth', { timeout: 120_000 }, async () => {
    await aws.json('iot', 'create-policy', '--policy-name', 'versions', '--policy-document', anything);
    for (let version = 2; version <= 5; version += 1) {
      const document = policyDocument(allow('iot:Publish', `arn:aws:iot:*:*:topic/v${version}`));
      const made = await aws.json(
        ...[
          'iot',
          'create-policy-version',
          '--policy-name',
          'versions',
          '--policy-document',
          document,
          '--set-as-default',
        ],
      );
      expect(made).toMatchObject({ policyVersionId: String(version), isDefaultVersion: true });
    }
    expect(
      await aws.failure('iot', 'create-policy-version', '--policy-name', 'versions', '--policy-document', anything),
    ).toContain('(VersionsLimitExceededException)');
    expect(
      await aws.failure('iot', 'delete-policy-version', '--policy-name', 'versions', '--policy-version-id', '5'),
    ).toContain('(DeleteConflictException)');
    await aws.json('iot', 'set-default-policy-version', '--policy-name', 'versions', '--policy-version-id', '1');
    await aws.json('iot', 'delete-policy-version', '--policy-name', 'versions', '--policy-version-id', '5');
    const { policyVersions } = await aws.json('iot', 'list-policy-versions', '--policy-name', 'versions');
    expect(policyVersions.map((version: { versionId: string }) => version.versionId).sort()).toEqual([
      '1',
      '2',
      '3',
      '4',
    ]);
    expect(await aws.json('iot', 'get-policy', '--policy-name', 'versions')).toMatchObject({
      defaultVersionId: '1',
      policyDocument: anything,
    });
  });

  // biome-ignore format: a row a refusal
  const refusals: readonly (readonly [title: string, error: string, operation: string, ...args: string[]])[] = [
    ['a thing that is not there', 'ResourceNotFoundException', 'DescribeThing', 'describe-thing', '--thing-name', 'nobody'],
    ['a thing name with a slash', 'InvalidRequestException', 'CreateThing', 'create-thing', '--thing-name', 'a/b'],
    ['the same thing with other attributes', 'ResourceAlreadyExistsException', 'CreateThing', 'create-thing',
      '--thing-name', 'kitchen', '--attribute-payload', '{"attributes":{"watts":"60"}}'],
    ['a malformed policy', 'MalformedPolicyException', 'CreatePolicy', 'create-policy', '--policy-name', 'broken',
      '--policy-document', '{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps"}]}'],
    ['a policy that exists', 'ResourceAlreadyExistsException', 'CreatePolicy', 'create-policy', '--policy-name', 'light',
      '--policy-document', policyDocument(allow('iot:Connect'))],
    ['deleting a policy in use', 'DeleteConflictException', 'DeletePolicy', 'delete-policy', '--policy-name', 'light'],
    ['an old version', 'VersionConflictException', 'UpdateThing', 'update-thing', '--thing-name', 'kitchen',
      '--expected-version', '17', '--attribute-payload', '{"attributes":{"watts":"5"}}'],
  ];

  test.each(refusals)('is refused %s with %s', async (_title, error, operation, ...args) => {
    expect(await aws.failure('iot', ...args)).toContain(
      `An error occurred (${error}) when calling the ${operation} operation`,
    );
  });

  test('deletes a certificate only when it is inactive and detached, or by force', { timeout: 120_000 }, async () => {
    const { certificateId, certificateArn } = await aws.json('iot', 'create-keys-and-certificate', '--set-as-active');
    const id = ['--certificate-id', certificateId];
    expect(await aws.failure('iot', 'delete-certificate', ...id)).toContain('(CertificateStateException)');
    await aws.json('iot', 'update-certificate', ...id, '--new-status', 'INACTIVE');
    await aws.json('iot', 'attach-policy', '--policy-name', 'light', '--target', certificateArn);
    expect(await aws.failure('iot', 'delete-certificate', ...id)).toContain('(DeleteConflictException)');
    await aws.json('iot', 'delete-certificate', ...id, '--force-delete');
    expect(await aws.failure('iot', 'describe-certificate', ...id)).toContain('(ResourceNotFoundException)');
  });

  test('with a wrong secret is refused as AWS refuses it', async () => {
    const stranger = new AwsCli(thingd, { AWS_SECRET_ACCESS_KEY: 'not the secret' });
    expect(await stranger.failure('iot', 'list-things')).toMatch(
      /\((InvalidSignatureException|SignatureDoesNotMatch)\)/,
    );
    const unknown = new AwsCli(thingd, { AWS_ACCESS_KEY_ID: 'AKIAUNKNOWNUNKNOWN00' });
    expect(await unknown.failure('iot', 'list-things')).toMatch(
      /\((UnrecognizedClientException|InvalidClientTokenId)\)/,
    );
  });

  test('speaks TLS when given the root certificate', async () => {
    const secure = new AwsCli(thingd, {
      AWS_ENDPOINT_URL: `https://localhost:${thingd.endpoints.https.port}`,
      AWS_CA_BUNDLE: thingd.caFile,
    });
    expect((await secure.json('iot', 'describe-thing', '--thing-name', 'kitchen')).thingName).toBe('kitchen');
  });

  test('is told by name that an operation is not implemented', async () => {
    const { exit, stderr } = await aws.run(
      'iot',
      'list-sbom-validation-results',
      '--package-name',
      'p',
      '--version-name',
      'v',
    );
    expect(exit).not.toBe(0);
    expect(stderr).toMatch(/\(NotImplementedException\).*ListSbomValidationResults/s);
  });
});
