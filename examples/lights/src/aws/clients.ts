/** AWS's own clients, pointed at thingd or at AWS IoT Core. Nothing behind this file can tell which. */
import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';

/** Where the IoT core is, if the environment (`AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_PROFILE` …) is not to say it. */
export interface AwsTarget {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface AwsClients {
  readonly iot: IoTClient;
  readonly data: IoTDataPlaneClient;
  /** Host, and port unless it is 443, where devices connect. */
  readonly endpoint: string;
}

/** @param devicePort where devices connect, if it is not AWS's 443; `DescribeEndpoint` tells hosts alone */
export async function awsClients(target?: AwsTarget, devicePort?: number): Promise<AwsClients> {
  const iot = new IoTClient(target ?? {});
  const { endpointAddress } = await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
  if (!endpointAddress) throw new Error('DescribeEndpoint answers no address');
  const endpoint = devicePort === undefined ? endpointAddress : `${endpointAddress}:${devicePort}`;
  const { AWS_ENDPOINT_URL: all, AWS_ENDPOINT_URL_IOT_DATA_PLANE: own = all } = process.env;
  const data = new IoTDataPlaneClient(target ?? (own ? {} : { endpoint: `https://${endpoint}` }));
  return { iot, data, endpoint };
}
