// node schema.mjs MODELS: the message model with ajv, which $AJV_DIR holds (npm install ajv ajv-formats there).
//   ... filter            read records, write on those that are valid, and the others as rejects with the first failure
//   ... verdicts          write 1 or 0 for each record
//   ... validate FILE     check records that are parsed already: how many are valid, and nanoseconds of a record
//   ... compile           microseconds to load and compile all models
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { lines } from './lines.mjs';

const require = createRequire(path.join(process.env.AJV_DIR, 'x.js'));
const Ajv = require('ajv/dist/2020').default;
const formats = require('ajv-formats').default;
const [models, what, file] = process.argv.slice(2);

function load(dir) {
	return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
		const name = path.join(dir, entry.name);
		if (entry.isDirectory()) return load(name);
		return entry.name.endsWith('.json') ? [JSON.parse(fs.readFileSync(name, 'utf8'))] : [];
	});
}

function fresh() {
	const ajv = new Ajv({ strict: false });
	formats(ajv);
	const all = load(models);
	for (const schema of all) ajv.addSchema(schema);
	return { ajv, all };
}

const time = () => process.hrtime.bigint();

if (what === 'compile') {
	const from = time();
	const { ajv, all } = fresh();
	for (const schema of all) ajv.getSchema(schema.$id);
	console.log(all.length, Number((time() - from) / 1000n));
} else {
	const valid = fresh().ajv.getSchema('https://omni.example/models/message/message.schema.json');
	if (what === 'verdicts') {
		lines((line) => (valid(JSON.parse(line)) ? '1\n' : '0\n'));
	} else if (what === 'filter') {
		lines((line) => {
			if (valid(JSON.parse(line))) return line + '\n';
			const { instancePath, message } = valid.errors[0];
			return `{"kind":"reject","class":"data","code":"schema-mismatch","detail":${JSON.stringify(instancePath + ' ' + message)},"record":${line}}\n`;
		});
	} else {
		const records = fs.readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
		let best = Infinity, good;
		for (let round = 0; round < 1000; round++) {
			const from = time();
			good = 0;
			for (const record of records) good += valid(record);
			best = Math.min(best, Number(time() - from));
		}
		console.log(good, Math.round(best / records.length));
	}
}
