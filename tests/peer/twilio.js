// SPDX-License-Identifier: MIT
// twilio.js <requests: ask Twilio's own library for each message that a request of ours is for, catch what it sends in a local
// server, and compare both: method, path, credentials, content type, and the fields of the form, each to the byte.
"use strict";
const http = require("node:http");
const readline = require("node:readline");
const twilio = require("twilio");

const token = "8f14e45fceea167a5a36dedd4bea2543";
const last = (text) => text[0].toLowerCase() + text.slice(1);

// The library's own client, led to the local server.
class Client extends twilio.RequestClient {
	constructor(port) {
		super();
		this.port = port;
	}
	request(options) {
		return super.request({ ...options, uri: options.uri.replace(/^https:\/\/[^/]*/, `http://127.0.0.1:${this.port}`) });
	}
}

// What to ask it for: the fields of ours, under its names.
function asked(body) {
	const fields = {};
	for (const [name, value] of new URLSearchParams(body)) {
		const key = last(name);
		if (name === "MediaUrl" || name === "PersistentAction")
			(fields[key] ??= []).push(value);
		else
			fields[key] = value === "true" ? true : value;
	}
	return fields;
}

// The pairs of a form in one order: in which they stand says nothing, but for those of one name.
const pairs = (body) => body.split("&").map((pair, i) => [pair, i]).sort((a, b) =>
	a[0].split("=")[0] < b[0].split("=")[0] ? -1 : a[0].split("=")[0] > b[0].split("=")[0] ? 1 : a[1] - b[1]).map((p) => p[0]);

async function main() {
	let seen;
	const server = http.createServer((req, res) => {
		const chunks = [];
		req.on("data", (chunk) => chunks.push(chunk));
		req.on("end", () => {
			seen = { method: req.method, path: req.url, headers: req.headers, body: Buffer.concat(chunks).toString() };
			res.writeHead(201, { "content-type": "application/json" }).end('{"sid":"SM1"}');
		});
	});
	await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
	let compared = 0, bad = 0;
	for await (const line of readline.createInterface({ input: process.stdin })) {
		const ours = JSON.parse(line);
		if (ours.kind === "reject" || !ours.url.endsWith("/Messages.json") || ours.auth.user === undefined)
			continue;
		const client = twilio(ours.auth.user, token, { httpClient: new Client(server.address().port) });
		await client.messages.create(asked(ours.body));
		const theirs = [seen.method, seen.path, seen.headers.authorization, seen.headers["content-type"].split(";")[0], seen.headers.accept,
			...pairs(seen.body)];
		const have = [ours.method, new URL(ours.url).pathname, "Basic " + Buffer.from(`${ours.auth.user}:${token}`).toString("base64"),
			ours.headers["content-type"], ours.headers.accept, ...pairs(ours.body)];
		compared++;
		if (JSON.stringify(have) !== JSON.stringify(theirs)) {
			bad++;
			console.log(`ours:   ${have.join("\n        ")}\ntheirs: ${theirs.join("\n        ")}`);
		}
	}
	server.close();
	console.log(`${compared} compared, ${bad} differ`);
	process.exitCode = bad || !compared ? 1 : 0;
}
main();
