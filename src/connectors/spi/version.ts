/**
 * The version of what a connector's author imports. A plugin says which one it was written for; it goes up whenever a
 * plugin that fits would no longer fit.
 */
export const SPI_VERSION = 1;
