import { AppError, type Address } from '../spi/index.js';

/** The address that a server named, as it came over the line. @throws AppError PROTOCOL where it is none. */
export function namedAddress(host: unknown, port: unknown): Address {
  const number = Number(port);
  if (typeof host !== 'string' || !/^[A-Za-z0-9_.:-]{1,253}$/.test(host) || !isPort(number))
    throw new AppError('PROTOCOL', 'The server names a node without an address that can be dialled.');
  return { host, port: number };
}

/** The address in a text such as `host`, `host:7000` or `[::1]:7000`. @throws as `namedAddress`. */
export function addressIn(text: unknown, port: number): Address {
  const [, host, own] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(String(text)) ?? [];
  return namedAddress(host, own ?? port);
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;

export const nameOf = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
