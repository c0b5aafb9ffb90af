/** Ranges of addresses in CIDR notation, for the `IpAddress` conditions (RFC 4632, RFC 4291 §2.3). */
import { BlockList, isIP } from 'node:net';

export interface IpNetwork {
  /** Whether `address` lies in the range; an IPv4 address may come in its IPv6 form, `::ffff:192.0.2.1`. */
  contains(address: string): boolean;
}

/** Reads `192.0.2.0/24`, `2001:db8::/32`, or one address; undefined if it is neither. */
export function parseIpNetwork(text: string): IpNetwork | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = familyOf(address);
  if (family === undefined || rest.length > 0) return undefined;
  const bits = family === 'ipv4' ? 32 : 128;
  const length = prefix === undefined ? bits : prefixLength(prefix);
  if (length === undefined || length > bits) return undefined;

  const range = new BlockList();
  range.addSubnet(address, length, family);
  return {
    contains(candidate) {
      const candidateFamily = familyOf(candidate);
      return candidateFamily !== undefined && range.check(candidate, candidateFamily);
    },
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}

function prefixLength(text: string): number | undefined {
  const length = Number(text);
  return String(length) === text && Number.isInteger(length) && length >= 0 ? length : undefined;
}
