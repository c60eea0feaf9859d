import type { TlsMaterial } from '../support/certificates.js';
import { HttpApiServer, type Reply, type SeenRequest } from './http-api-server.js';

/** What a cluster holds; indices as `GET /{index}` answers them. */
export interface Cluster {
  readonly version: object;
  readonly indices: Readonly<Record<string, object>>;
  /** Attributes by index, where they are not just `open`. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  /** Names of the indices behind each stream. */
  readonly streams?: Readonly<Record<string, readonly string[]>>;
  /** Documents by index; 2 where it is not named. */
  readonly docs?: Readonly<Record<string, number>>;
}

/**
 * The read calls of Elasticsearch and OpenSearch: exactly one `authorization` is taken, names and patterns are resolved,
 * JSON has the form of the real servers.
 */
export function startCluster(
  cluster: Cluster,
  authorization: string,
  tls: Pick<TlsMaterial, 'server'>,
  meddle: (path: string, request: SeenRequest) => Reply | undefined = () => undefined,
): Promise<HttpApiServer> {
  return HttpApiServer.start((request) => {
    if (request.headers.authorization !== authorization) return failure(401, 'security_exception');
    const path = decodeURIComponent(new URL(request.url, 'http://double').pathname);
    return meddle(path, request) ?? answer(cluster, path);
  }, tls);
}

export const failure = (status: number, type: string): Reply => ({
  status,
  body: { error: { root_cause: [{ type, reason: 'for people' }], type, reason: 'for people' }, status },
});

function answer(cluster: Cluster, path: string): Reply {
  const { indices, attributes = {}, streams = {}, docs = {} } = cluster;
  if (path === '/') return { body: { name: 'n1', cluster_name: 'test', version: cluster.version } };
  const names = (path.split('/').at(-1) ?? '').split(',');
  const among = (all: readonly string[]): string[] =>
    all.filter((name) => names.some((pattern) => fits(name, pattern)));
  if (path.startsWith('/_resolve/index/'))
    return {
      body: {
        indices: among(Object.keys(indices))
          .filter((name) => attributes[name]?.includes('hidden') !== true)
          .map((name) => ({ name, attributes: attributes[name] ?? ['open'] })),
        aliases: [],
        data_streams: among(Object.keys(streams)).map((name) => ({
          name,
          backing_indices: streams[name],
          timestamp_field: '@timestamp',
        })),
      },
    };
  if (path.startsWith('/_data_stream/'))
    return {
      body: {
        data_streams: among(Object.keys(streams)).map((name) => ({
          name,
          timestamp_field: { name: '@timestamp' },
          generation: streams[name]?.length,
          status: 'GREEN',
          template: `${name}-template`,
          ilm_policy: 'keep-a-year',
        })),
      },
    };
  const behind = [
    ...among(Object.keys(indices)),
    ...among(Object.keys(streams)).flatMap((n) => streams[n] ?? []),
  ];
  if (path.startsWith('/_cat/indices/'))
    return {
      body: behind.map((index) => ({
        index,
        health: 'green',
        status: 'open',
        'docs.count': String(docs[index] ?? 2),
        'store.size': '1234',
      })),
    };
  if (path.startsWith('/_') || path.split('/').length > 2) return failure(400, 'illegal_argument_exception');
  return { body: Object.fromEntries(behind.map((name) => [name, indices[name]])) };
}

function fits(name: string, pattern: string): boolean {
  const source = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return (
    new RegExp(`^${source.join('.*')}$`).test(name) && (!name.startsWith('.') || pattern.startsWith('.'))
  );
}
