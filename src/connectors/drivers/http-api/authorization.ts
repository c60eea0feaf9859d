import { ClientCredentials } from '../../families/http/client-credentials.js';
import type { OpenContext } from '../../spi/index.js';
import type { HttpApiConfig } from './spec.js';

/** What proves to the API who calls: headers, or a parameter of the query. */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>;
  /** `name=value`, encoded. */
  readonly query?: string;
}

/** The login of one connection. Only for `oauth2` does it call a server: the token's, through the judge of addresses. */
export class Authorization {
  private readonly client: ClientCredentials | undefined;

  constructor(
    private readonly config: HttpApiConfig,
    context: OpenContext,
  ) {
    const { auth, oauth2, tls } = config;
    if (auth === 'oauth2' && oauth2) this.client = new ClientCredentials(oauth2, context, tls);
  }

  async proof(signal: AbortSignal): Promise<Proof> {
    const { auth = 'none', username = '', password = '', bearer_token: bearer = '' } = this.config;
    const { api_key: key = '', api_key_in: place = 'header', api_key_name: name = 'X-API-Key' } = this.config;
    switch (auth) {
      case 'none':
        return { headers: {} };
      case 'basic': {
        const login = Buffer.from(`${username}:${password}`).toString('base64');
        return { headers: { authorization: `Basic ${login}` } };
      }
      case 'bearer':
        return { headers: { authorization: `Bearer ${bearer}` } };
      case 'api_key':
        return place === 'header'
          ? { headers: { [name.toLowerCase()]: key } }
          : { headers: {}, query: `${encodeURIComponent(name)}=${encodeURIComponent(key)}` };
      case 'oauth2':
        return { headers: { authorization: `Bearer ${(await this.client?.token(signal)) ?? ''}` } };
    }
  }

  /** Forgets a token that the API refused; false where there is none that could be old. */
  forget(): boolean {
    return this.client?.forget() ?? false;
  }
}
