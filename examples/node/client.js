// A whole round with a broker: session, quotes, an order, a lost connection, the resumed events.
// node client.js --broker 127.0.0.1:50051 --symbol 120110
// Exits 0 only if the events of the order journal resume without gap or duplicate; 1 otherwise; 2 for a wrong option.
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { toBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { CheckFailed, connect, explain } from "./connection.js";
import { OrderEventSchema, RequestOutcome } from "./gen/hantrade/v1/broker_pb.js";
import { Gate, OrderKind, Purpose, ServerKind, Side, TimeInForce, Venue, VenuePhase } from "./gen/hantrade/v1/types_pb.js";
import { OrderSession } from "./order_session.js";

/**
 * @typedef {import("./order_session.js").Client} Client
 * @typedef {import("./order_session.js").OrderEvent} OrderEvent
 * @typedef {import("./gen/hantrade/v1/types_pb.js").Quote} Quote
 */

const CALL_MS = 5_000; // deadline of one call

/** @param {Client} client */
async function showSession(client) {
  const { session } = await client.getSession({}, { timeoutMs: CALL_MS });
  if (!session) throw new CheckFailed("the broker sent no session");
  const time = session.venueTime ? timestampDate(session.venueTime).toISOString() : "unknown";
  console.log(`session   ${ServerKind[session.serverKind]}, account ${session.account || "-"}, venue time ${time}`);
  console.log(`          phase ${VenuePhase[session.phase]}, journal ${session.journalId} epoch ${session.epoch}`);
  if (session.serverKind !== ServerKind.SIMULATED) {
    throw new CheckFailed("this example places an order; it talks to a simulated broker only");
  }
  if (!session.loggedIn) await client.login({}, { timeoutMs: CALL_MS });
}

/** Show what a refused call tells. @param {Client} client */
async function showErrorDetail(client) {
  try {
    for await (const _ of client.streamQuotes({ symbols: ["ZZZZZZ"] }, { timeoutMs: CALL_MS })) break;
  } catch (failure) {
    if (!(failure instanceof ConnectError) || failure.code !== Code.NotFound) throw failure;
    console.log(`refused   ${explain(failure)}`);
    if (!explain(failure).includes("reason ")) throw new CheckFailed("a refusal came without its typed detail");
    return;
  }
  throw new CheckFailed("quotes of an unknown symbol were not refused");
}

/** Show that a deadline ends a stream that would go on for ever. @param {Client} client */
async function showDeadline(client) {
  let beats = 0;
  try {
    const interval = /** @type {const} */ ({ $typeName: "google.protobuf.Duration", seconds: 0n, nanos: 100_000_000 });
    for await (const _ of client.watchSession({ interval }, { timeoutMs: 450 })) beats += 1;
  } catch (failure) {
    if (!(failure instanceof ConnectError) || failure.code !== Code.DeadlineExceeded) throw failure;
    console.log(`deadline  ${beats} heartbeats in 450 ms, then ${Code[failure.code]}`);
    return;
  }
  throw new CheckFailed("the heartbeats ended before their deadline");
}

/**
 * Print a few quotes and give the last one with a bid.
 * @param {Client} client @param {string} symbol @param {number} wanted @param {number} timeoutMs
 * @returns {Promise<Quote>}
 */
async function showQuotes(client, symbol, wanted, timeoutMs) {
  let expected = 1n;
  let shown = 0;
  for await (const batch of client.streamQuotes({ symbols: [symbol] }, { timeoutMs })) {
    if (batch.seq !== expected) throw new CheckFailed(`expected quote batch ${expected}, was ${batch.seq}`);
    expected += 1n;
    for (const quote of batch.quotes) {
      shown += 1;
      const time = new Date(Number(quote.venueTimeUnixNs / 1_000_000n)).toISOString();
      if (shown <= wanted) {
        console.log(`quote     ${time} ${quote.symbol} ${quote.priceKrw} × ${quote.lastQty}, ` +
          `bid ${quote.bidPriceKrw} × ${quote.bidQty}, ask ${quote.askPriceKrw} × ${quote.askQty}`);
      }
      if (shown >= wanted && quote.bidPriceKrw > 0n) return quote;
    }
    if (batch.endOfData) break;
  }
  throw new CheckFailed(`the quotes of ${symbol} ended after ${shown} rows, none with a bid to join`);
}

/** @param {OrderEvent} event */
function show(event) {
  console.log(`event     ${event.seq} ${event.fact.case} order ${event.clientOrderId} leg ${event.venueOrderId || "-"}`);
}

/** Whether the order is closed by these events. @param {OrderEvent[]} events @param {string} orderId */
function isClosed(events, orderId) {
  return events.some(({ clientOrderId, fact }) => clientOrderId === orderId &&
    (fact.case === "rejected" || fact.case === "expired" ||
      ((fact.case === "filled" || fact.case === "cancelled") && fact.value.leavesQty === 0n)));
}

/**
 * Place a small order at the bid, so that it rests; wait until the venue has it.
 * @param {OrderSession} session @param {Quote} quote
 */
async function submit(session, quote) {
  const orderId = `node-${randomUUID()}`;
  session.send({ case: "submit", value: {
    $typeName: "hantrade.v1.SubmitOrder", clientOrderId: orderId, symbol: quote.symbol, side: Side.BUY,
    kind: OrderKind.LIMIT, quantity: 1n, limitPriceKrw: quote.bidPriceKrw, purpose: Purpose.ENTRY,
    timeInForce: TimeInForce.DAY, venue: Venue.KRX, guard: await session.guard(),
  } });
  const receipt = await session.receipt(orderId);
  console.log(`receipt   ${RequestOutcome[receipt.outcome]} buy 1 ${quote.symbol} at ${quote.bidPriceKrw} as ${orderId}`);
  if (receipt.outcome !== RequestOutcome.SENT) {
    throw new CheckFailed(`the order was not sent: ${receipt.error?.reasonCode} ${receipt.error?.brokerText}`);
  }
  await session.until(() => session.events.some((event) => event.clientOrderId === orderId));
  const [first] = session.events.filter((event) => event.clientOrderId === orderId);
  if (first.fact.case !== "accepted") throw new CheckFailed(`expected the order accepted, was ${first.fact.case}`);
  return { orderId, leg: first.venueOrderId };
}

/**
 * Cancel what is left and wait until the order is closed. A cancel that a fill overtook is refused: closed all the same.
 * @param {OrderSession} session @param {{orderId: string, leg: string}} order
 */
async function cancel(session, { orderId, leg }) {
  const requestId = `node-${randomUUID()}`;
  session.send({ case: "cancel", value: {
    $typeName: "hantrade.v1.CancelOrder", requestId, clientOrderId: orderId, originalVenueOrderId: leg, quantity: 0n,
    guard: await session.guard(),
  } });
  const receipt = await session.receipt(requestId);
  console.log(`receipt   ${RequestOutcome[receipt.outcome]} cancel of ${orderId}`);
  await session.until(() => isClosed(session.events, orderId));
}

function unreachable() {
  throw new CheckFailed("the order session outlived its connection");
}

/** @param {unknown} failure */
function expectConnectionLost(failure) {
  if (!(failure instanceof ConnectError)) throw failure;
  console.log(`lost      ${explain(failure)}`);
}

/**
 * Place, drop the connection, resume, and compare the parts with one uninterrupted reading.
 * @param {string} address @param {Quote} quote @param {number} timeoutMs
 */
async function proveResume(address, quote, timeoutMs) {
  const before = connect(address);
  const first = new OrderSession(before.client, 0n, "", timeoutMs);
  const { journalId, gate } = await first.opened();
  if (gate !== Gate.OPEN) throw new CheckFailed(`the gate at the broker is ${Gate[gate]}: no entry passes`);
  await first.caughtUp();
  const known = first.events.length;
  const order = await submit(first, quote);
  first.events.slice(known).forEach(show);
  before.drop();
  await first.until(() => false).then(unreachable, expectConnectionLost);
  first.close();
  const last = first.events.at(-1)?.seq ?? 0n;
  console.log(`dropped   the connection behind event ${last}`);

  const after = connect(address);
  const second = new OrderSession(after.client, last, journalId, timeoutMs);
  await second.caughtUp();
  const closed = isClosed([...first.events, ...second.events], order.orderId); // it may have filled meanwhile
  await cancel(second, closed ? await submit(second, quote) : order);
  second.events.forEach(show);
  second.close();

  const whole = new OrderSession(after.client, 0n, "", timeoutMs);
  await whole.caughtUp();
  whole.close();
  const parts = [...first.events, ...second.events];
  parts.forEach((event, at) => {
    const kept = whole.events[at];
    if (!kept || Buffer.compare(toBinary(OrderEventSchema, event), toBinary(OrderEventSchema, kept)) !== 0) {
      throw new CheckFailed(`event ${event.seq} differs from the journal's`);
    }
  });
  after.drop();
  console.log(`resumed   events 1 to ${parts.length} came once each: ${first.events.length} before the drop, ` +
    `${second.events.length} after it`);
}

/** Read the options; a wrong one exits with 2. */
function options() {
  try {
    const { values } = parseArgs({ options: {
      broker: { type: "string", default: "127.0.0.1:50051" },
      symbol: { type: "string", default: "120110" },
      quotes: { type: "string", default: "5" },
      timeout: { type: "string", default: "30" },
    } });
    const [quotes, seconds] = [Number(values.quotes), Number(values.timeout)];
    if (!(quotes >= 1) || !(seconds > 0)) throw new Error("--quotes and --timeout are numbers above 0");
    return { address: String(values.broker), symbol: String(values.symbol), quotes, timeoutMs: seconds * 1_000 };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}`);
    console.error("usage: node client.js [--broker HOST:PORT] [--symbol CODE] [--quotes N] [--timeout SECONDS]");
    return process.exit(2);
  }
}

async function main() {
  const { address, symbol, quotes, timeoutMs } = options();
  try {
    const { client, drop } = connect(address);
    await showSession(client);
    await showErrorDetail(client);
    await showDeadline(client);
    const quote = await showQuotes(client, symbol, quotes, timeoutMs);
    drop();
    await proveResume(address, quote, timeoutMs);
    console.log("ok");
    return 0;
  } catch (failure) {
    console.error(failure instanceof CheckFailed ? `failed    ${failure.message}` : `failed    ${explain(failure)}`);
    return 1;
  }
}

// connect keeps the deadline timer of a stream that was left early; exit does not wait for it
process.exit(await main());
