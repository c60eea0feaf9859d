import { withDeadline } from '../../../common/deadline.js';
import { nameOf, namedAddress } from '../../families/named-address.js';
import { elsewhere, toConnectorError, type Address, type OpenContext } from '../../spi/index.js';
import { dialRedis } from './redis-dial.js';
import { redisError, RedisNode, type FindNodes, type RedisLine } from './redis-line.js';
import type { RedisConfig } from './redis-spec.js';

const SLOTS = 16_384;
/** What the dial of one node may take: a node that is gone must not cost the others their time. */
const DIAL_MS = 5_000;

/** Unless it is told to, a node names the plain ports of the others to who asks over TLS. */
const TELL_TLS_PORTS = ' (with "tls-cluster yes" nodes tell their TLS ports)';

/** Finds all masters by CLUSTER SLOTS; each that is not the seed itself is located (judged, pinned) and dialled. */
export function clusterOf(config: RedisConfig, context: OpenContext): FindNodes {
  return async (line, signal) => {
    const { masters, covered } = await mastersOf(line, config.host);
    const self = await line.ask((client) => client.call('CLUSTER', 'MYID'));
    const missing: string[] = [];
    if (covered < SLOTS) missing.push(`${String(SLOTS - covered)} of ${String(SLOTS)} slots have no master`);
    const dial = async ({ id, where }: Master): Promise<RedisNode | undefined> => {
      if (id === self) return new RedisNode(nameOf(where), line, true);
      try {
        const opened = await withDeadline(DIAL_MS, signal, (limit) =>
          dialRedis(where, { tls: config.tls }, config, { ...elsewhere(context), signal: limit }),
        );
        return new RedisNode(nameOf(where), opened, false);
      } catch (error) {
        const { code, message } = toConnectorError(error, {});
        // A plain port waits for more where it is greeted by TLS.
        const isPlain = config.tls?.mode !== 'disable' && ['TLS_FAILED', 'TIMEOUT'].includes(code);
        const more = isPlain ? TELL_TLS_PORTS : '';
        missing.push(`node ${nameOf(where)}: ${message}${more}`);
        return undefined;
      }
    };
    const nodes = await Promise.all(masters.map(dial));
    return { nodes: nodes.filter((node) => node !== undefined), missing };
  };
}

interface Master {
  readonly id: string;
  readonly where: Address;
}

/** Each master once, and how many slots they hold together. */
async function mastersOf(
  line: RedisLine,
  seed: string,
): Promise<{ masters: readonly Master[]; covered: number }> {
  const answer = await line
    .run((client) => client.call('CLUSTER', 'SLOTS'))
    .catch((error: unknown) => {
      throw redisError(error);
    });
  const masters = new Map<string, Master>();
  let covered = 0;
  for (const range of Array.isArray(answer) ? (answer as unknown[]) : []) {
    const [first, last, master] = range as [number, number, readonly unknown[]];
    const [host, port, id] = master;
    // A node that does not know its own name leaves it empty: it is the one that was asked.
    const where = namedAddress(host === null || host === '' ? seed : host, port);
    masters.set(String(id), { id: String(id), where });
    covered += last - first + 1;
  }
  return { masters: [...masters.values()], covered };
}
