// The order session: one ordered stream both ways that resumes after a lost connection.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OrderSessionRequestSchema, RequestGuardSchema } from "./gen/hantrade/v1/broker_pb.js";
import { CheckFailed } from "./connection.js";

/**
 * @typedef {import("./gen/hantrade/v1/broker_pb.js").OrderEvent} OrderEvent
 * @typedef {import("./gen/hantrade/v1/broker_pb.js").OrderSessionOpened} OrderSessionOpened
 * @typedef {import("./gen/hantrade/v1/broker_pb.js").OrderSessionRequest} OrderSessionRequest
 * @typedef {import("./gen/hantrade/v1/broker_pb.js").OrderSessionResponse} OrderSessionResponse
 * @typedef {import("./gen/hantrade/v1/broker_pb.js").RequestReceipt} RequestReceipt
 * @typedef {ReturnType<typeof import("./connection.js").connect>["client"]} Client
 */

/** Requests waiting to be sent; ends with the session. */
class Outbox {
  /** @type {OrderSessionRequest[]} */ #waiting = [];
  #wake = () => {};
  #closed = false;

  /** @param {OrderSessionRequest["request"]} request */
  put(request) {
    this.#waiting.push(create(OrderSessionRequestSchema, { request }));
    this.#wake();
  }

  close() {
    this.#closed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      const next = this.#waiting.shift();
      if (next) yield next;
      else if (this.#closed) return;
      else await new Promise((resolve) => { this.#wake = () => resolve(undefined); });
    }
  }
}

/** An open order session. Remembers every event in `events`; throws CheckFailed on a gap or a duplicate. */
export class OrderSession {
  /** @type {OrderEvent[]} */ events = [];
  /** @type {Map<string, RequestReceipt>} */ receipts = new Map();
  #outbox = new Outbox();
  #abort = new AbortController();
  /** @type {AsyncIterator<OrderSessionResponse>} */ #answers;
  /** @type {OrderSessionOpened | undefined} */ #opened;
  #expected;

  /**
   * @param {Client} client
   * @param {bigint} afterSeq last event seq already known; 0n for all
   * @param {string} journalId journal that afterSeq belongs to; empty for 0n
   * @param {number} timeoutMs deadline of the whole session
   */
  constructor(client, afterSeq, journalId, timeoutMs) {
    this.#expected = afterSeq + 1n;
    this.#outbox.put({
      case: "open",
      value: { $typeName: "hantrade.v1.OpenOrderSession", afterSeq, journalId, clientName: "node-example" },
    });
    this.#answers = client.orderSession(this.#outbox, { timeoutMs, signal: this.#abort.signal })[Symbol.asyncIterator]();
  }

  /** Send one request. @param {OrderSessionRequest["request"]} request */
  send(request) {
    this.#outbox.put(request);
  }

  /** What must hold when a request reaches the wire: this journal, this epoch, within three seconds. */
  async guard() {
    const { journalId, epoch } = await this.opened();
    return create(RequestGuardSchema, { journalId, epoch, validUntil: timestampFromMs(Date.now() + 3_000) });
  }

  /** Wait for the first answer. @returns {Promise<OrderSessionOpened>} */
  async opened() {
    while (!this.#opened) await this.#read();
    return this.#opened;
  }

  /** Wait for the answer to one request. @param {string} requestId @returns {Promise<RequestReceipt>} */
  async receipt(requestId) {
    for (;;) {
      const found = this.receipts.get(requestId);
      if (found) return found;
      await this.#read();
    }
  }

  /** Read on until `done` holds for what has been received. @param {() => boolean} done */
  async until(done) {
    while (!done()) await this.#read();
  }

  /** Read until every event there was at the opening has been received. */
  async caughtUp() {
    const { lastSeq } = await this.opened();
    await this.until(() => this.#expected > lastSeq);
  }

  /** Leave the session, also a broken one: nothing more is sent or read, its deadline is given up. */
  close() {
    this.#outbox.close();
    this.#abort.abort();
  }

  async #read() {
    const { value, done } = await this.#answers.next();
    if (done) throw new CheckFailed("the broker ended the order session");
    const { response } = value;
    if (response.case === "opened") {
      this.#opened = response.value;
    } else if (response.case === "receipt") {
      this.receipts.set(response.value.requestId, response.value);
    } else if (response.case === "event") {
      const { seq } = response.value;
      if (seq !== this.#expected) throw new CheckFailed(`expected event ${this.#expected}, was ${seq}`);
      this.#expected += 1n;
      this.events.push(response.value);
    }
  }
}
