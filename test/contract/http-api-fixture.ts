/** What the API of the tests says of itself. */
export const OPENAPI = {
  openapi: '3.1.0',
  info: { title: 'Shop API', version: '4.2.0' },
  paths: {
    '/orders': {
      get: {
        summary: 'Lists the orders',
        parameters: [{ $ref: '#/components/parameters/Limit' }],
        responses: {
          200: {
            description: 'ok',
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: {
                    data: { type: 'array', items: { $ref: '#/components/schemas/Order' } },
                    next: { type: 'string' },
                  },
                },
              },
            },
          },
        },
      },
      post: { responses: { 201: { description: 'made' } } },
    },
    '/orders/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: {
        responses: {
          '2XX': {
            description: 'ok',
            content: { 'application/hal+json': { schema: { $ref: '#/components/schemas/Order' } } },
          },
        },
      },
    },
    '/customers': {
      get: {
        responses: {
          200: {
            description: 'ok',
            content: {
              'application/json': {
                schema: { type: 'array', items: { $ref: '#/components/schemas/Customer' } },
              },
            },
          },
        },
      },
    },
    '/outside': {
      get: {
        responses: {
          200: {
            description: 'ok',
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: {
                    near: { $ref: '#/components/schemas/Money' },
                    far: { $ref: 'http://127.0.0.1:1/schemas.json#/Money' },
                    file: { $ref: 'file:///etc/passwd' },
                    lost: { $ref: '#/components/schemas/constructor' },
                  },
                },
              },
            },
          },
        },
      },
    },
    '/write-only': { post: { responses: { 204: { description: 'done' } } } },
  },
  components: {
    parameters: { Limit: { name: 'limit', in: 'query', schema: { type: 'integer' } } },
    schemas: {
      Money: { type: 'string', format: 'decimal' },
      Customer: {
        type: 'object',
        required: ['id'],
        properties: {
          id: { type: 'integer', format: 'int64' },
          email: { type: ['string', 'null'], maxLength: 254 },
          // A circle: customers have orders, which have a customer.
          orders: { type: 'array', items: { $ref: '#/components/schemas/Order' } },
        },
      },
      Order: {
        allOf: [
          { type: 'object', required: ['id'], properties: { id: { type: 'string', format: 'uuid' } } },
          {
            type: 'object',
            required: ['state', 'at'],
            properties: {
              state: { type: 'string', enum: ['open', 'paid'], description: 'Where it is.' },
              at: { type: 'string', format: 'date-time' },
              total: { $ref: '#/components/schemas/Money' },
              customer: { anyOf: [{ $ref: '#/components/schemas/Customer' }, { type: 'null' }] },
              labels: { type: 'object', additionalProperties: { type: 'string' } },
            },
          },
        ],
      },
    },
  },
} as const;

const named = (name: string) => ({ kind: 'OBJECT', name });
const nonNull = (ofType: object) => ({ kind: 'NON_NULL', name: null, ofType });
const list = (ofType: object) => ({ kind: 'LIST', name: null, ofType });
const scalar = (name: string) => ({ kind: 'SCALAR', name });

/** The answer to an introspection of a small GraphQL API. */
export const GRAPHQL = {
  __schema: {
    queryType: { name: 'Query' },
    types: [
      {
        kind: 'OBJECT',
        name: 'Query',
        fields: [
          {
            name: 'orders',
            description: 'All orders',
            args: [{ name: 'first' }],
            type: nonNull(list(nonNull(named('Order')))),
          },
          { name: 'customers', args: [], type: named('CustomerConnection') },
          { name: 'version', args: [], type: scalar('String') },
        ],
      },
      {
        kind: 'OBJECT',
        name: 'Order',
        fields: [
          { name: 'id', type: nonNull(scalar('ID')) },
          { name: 'state', type: { kind: 'ENUM', name: 'State' } },
          { name: 'customer', type: named('Customer') },
        ],
      },
      { kind: 'ENUM', name: 'State', enumValues: [{ name: 'OPEN' }, { name: 'PAID' }] },
      {
        kind: 'OBJECT',
        name: 'CustomerConnection',
        fields: [{ name: 'edges', type: list(named('CustomerEdge')) }],
      },
      { kind: 'OBJECT', name: 'CustomerEdge', fields: [{ name: 'node', type: named('Customer') }] },
      {
        kind: 'OBJECT',
        name: 'Customer',
        description: 'Who buys',
        fields: [
          { name: 'name', type: scalar('String') },
          { name: 'orders', type: list(named('Order')) },
        ],
      },
    ],
  },
} as const;
