// Follow a trader's event log, lose the connection on purpose, resume, and prove that nothing is missing or doubled.
// node read_log.js --desk 127.0.0.1:50052 --types OrderFilled,OrderStateChanged --drop-after 3 --until 500
// Prints one line an event. Exits 0 only if the resumed reading is the uninterrupted one; 1 otherwise; 2 for a wrong
// option. Without --until it reads up to the end of the log as it is now.
import { parseArgs } from "node:util";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { CheckFailed, connectDesk, explain } from "./connection.js";

/**
 * @typedef {import("./gen/hantrade/v1/desk_pb.js").ReadLogResponse} ReadLogResponse
 * @typedef {{ types: string[], symbol: string }} Filter
 * @typedef {{ events: ReadLogResponse[], scanned: bigint, logId: string }} Progress
 */

/**
 * Read on behind what is known, up to a sequence; `progress` grows as answers come, so a failure loses nothing.
 * @param {string} address @param {Filter} filter @param {Progress} progress @param {bigint} until
 * @param {number} dropAfter answers after which the connection is torn down; 0 for never
 */
async function readOn(address, filter, progress, until, dropAfter) {
  const { desk, drop } = connectDesk(address);
  let answers = 0;
  try {
    for await (const answer of desk.readLog({
      ...filter, fromSeq: progress.scanned + 1n, untilSeq: until, logId: progress.logId, follow: true, progress: true,
    })) {
      progress.scanned = answer.scannedSeq;
      progress.logId = answer.logId;
      if (answer.seq !== 0n) progress.events.push(answer);
      answers += 1;
      if (answers === dropAfter) drop();
    }
  } finally {
    drop();
  }
}

/** Give the last sequence there is now. @param {string} address */
async function head(address) {
  const { desk, drop } = connectDesk(address);
  try {
    const { status } = await desk.getStatus({}, { timeoutMs: 5_000 });
    if (!status) throw new CheckFailed("the trader sent no status");
    return status.logSeq;
  } finally {
    drop();
  }
}

/** @param {ReadLogResponse} event */
function show(event) {
  const at = event.recordedAt ? timestampDate(event.recordedAt).toISOString() : "-";
  console.log(`event     #${event.seq} ${at} ${event.type} ${event.stream} by ${event.role}`);
}

async function main() {
  const { values } = parseArgs({ options: {
    desk: { type: "string", default: "127.0.0.1:50052" },
    types: { type: "string", default: "" },
    symbol: { type: "string", default: "" },
    until: { type: "string", default: "" },
    "drop-after": { type: "string", default: "3" },
  } });
  const filter = { types: values.types.split(",").filter(Boolean), symbol: values.symbol };
  const until = values.until ? BigInt(values.until) : await head(values.desk);
  /** @type {Progress} */
  const cut = { events: [], scanned: 0n, logId: "" };
  try {
    await readOn(values.desk, filter, cut, until, Number(values["drop-after"]));
  } catch (failure) {
    if (cut.scanned === 0n) throw failure; // refused, not dropped
    console.log(`dropped   behind #${cut.scanned} of log ${cut.logId}: ${explain(failure)}`);
  }
  if (cut.scanned < until) await readOn(values.desk, filter, cut, until, 0);
  cut.events.forEach(show);
  /** @type {Progress} */
  const whole = { events: [], scanned: 0n, logId: "" };
  await readOn(values.desk, filter, whole, until, 0);
  const [resumed, expected] = [cut, whole].map(({ events }) => events.map(({ seq }) => seq).join(" "));
  if (resumed !== expected) throw new CheckFailed(`resumed, the log has #${resumed}; in one go it has #${expected}`);
  console.log(`resumed   ${cut.events.length} events up to #${cut.scanned}, none missing, none twice`);
  console.log("ok");
}

try {
  await main();
} catch (failure) {
  const isUsage = failure instanceof TypeError || failure instanceof SyntaxError;
  console.error(`failed    ${failure instanceof CheckFailed || isUsage ? failure.message : explain(failure)}`);
  process.exitCode = isUsage ? 2 : 1;
}
