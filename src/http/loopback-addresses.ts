import type { LookupFunction } from "node:net";

/** What `localhost` stands for, whatever this machine's list of hosts says. */
export const loopbackAddresses: LookupFunction = (_host, { all }, found) => {
  const both = [
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ];
  if (all) found(null, both);
  else found(null, "127.0.0.1", 4);
};
