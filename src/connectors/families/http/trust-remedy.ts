import type { Remedy } from '../../spi/index.js';

/** For TLS_FAILED of a service whose name and TLS are not the user's choice. */
export const TRUST_REMEDY: Remedy = {
  text: 'Something between this product and the service answers in its place. Where that is a proxy of your own network which opens TLS, put the PEM text of its authority into tls.ca; otherwise check the DNS server of this product.',
};
