// SPDX-License-Identifier: MIT
// Usage: node deliver.mjs FILE URL [fetch]: what omni-deliver does, with undici: a request for each message of FILE, 256 at once,
// its answer read, the message and a record of the attempt written.  By request of a pool, or by fetch, which most programs call.
import fs from "node:fs";
import readline from "node:readline";
import { createRequire } from "node:module";
const { Pool, fetch } = createRequire(process.env.UNDICI + "/")("undici");

const [file, url, how] = process.argv.slice(2);
const pool = new Pool(url, { connections: 256, pipelining: 1 });
const headers = {
	authorization: "Basic " + Buffer.from("TOKEN:SECRET").toString("base64"),
	"content-type": "application/json; charset=utf-8",
};
let out = "";

function put(record) {
	out += JSON.stringify(record) + "\n";
	if (out.length > 262144) {
		fs.writeSync(1, out);
		out = "";
	}
}

async function send(line) {
	const message = JSON.parse(line);
	const body = JSON.stringify({
		applicationId: "app", from: message.from.address, to: [message.to[0].address], text: message.text, tag: message.id,
	});
	const started = performance.now();
	const path = "/api/v2/users/900/messages", method = "POST";
	const answer = how ? await fetch(url + path, { method, headers, body }) : await pool.request({ path, method, headers, body });
	const got = await (how ? answer : answer.body).json();
	message.external_id = got.id;
	put(message);
	put({
		id: crypto.randomUUID(), kind: "delivery", at: new Date().toISOString(), message: message.id, carrier: message.carrier,
		account: message.account, external_id: got.id, attempt: 1, outcome: (answer.status ?? answer.statusCode) === 202 ? "sent" : "failed",
		http: { status: answer.status ?? answer.statusCode, ms: Math.round(performance.now() - started) },
	});
}

const lines = readline.createInterface({ input: fs.createReadStream(file) })[Symbol.asyncIterator]();
async function worker() {
	for (let next = await lines.next(); !next.done; next = await lines.next()) await send(next.value);
}
await Promise.all(Array.from({ length: 256 }, worker));
fs.writeSync(1, out);
await pool.close();
