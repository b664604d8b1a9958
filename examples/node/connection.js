// One gRPC connection to the broker, and how its failures read.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { BrokerService } from "./gen/hantrade/v1/broker_pb.js";
import { DeskService } from "./gen/hantrade/v1/desk_pb.js";
import { ErrorDetailSchema } from "./gen/hantrade/v1/types_pb.js";

/** A check of this example that did not hold; its text is for people. */
export class CheckFailed extends Error {}

/**
 * Open a connection. `drop` tears it down at once, like a pulled cable: streams on it fail.
 * @param {string} address host:port of a broker that speaks plain text
 */
export function connect(address) {
  const { transport, drop } = open(address);
  return { client: createClient(BrokerService, transport), drop };
}

/**
 * The same to the desk of a trader.
 * @param {string} address host:port, as `hantrade status --json` and the trader's note in its home tell it
 */
export function connectDesk(address) {
  const { transport, drop } = open(address);
  return { desk: createClient(DeskService, transport), drop };
}

/** @param {string} address */
function open(address) {
  const baseUrl = `http://${address}`;
  const http2 = new Http2SessionManager(baseUrl, { pingIntervalMs: 10_000, pingTimeoutMs: 5_000 });
  return { transport: createGrpcTransport({ baseUrl, sessionManager: http2 }), drop: () => http2.abort() };
}

/**
 * Put a failed call into words: the status, and the typed detail with the broker's own code and text.
 * @param {unknown} failure
 */
export function explain(failure) {
  if (!(failure instanceof ConnectError)) return String(failure);
  const words = [`${Code[failure.code]}: ${failure.rawMessage}`];
  for (const detail of failure.findDetails(ErrorDetailSchema)) {
    words.push(`reason ${detail.reasonCode}`);
    if (detail.field) words.push(`field ${detail.field}=${detail.value}`);
    if (detail.allowed) words.push(`allowed: ${detail.allowed}`);
    if (detail.brokerCode) words.push(`broker says ${detail.brokerCode} ${detail.brokerText}`);
  }
  return words.join("; ");
}
