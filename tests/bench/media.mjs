// SPDX-License-Identifier: MIT
// node media.mjs WORKERS EDGE BYTES DIR FILE...: each file as JPEG into DIR with edges of at most EDGE pixels and, unless BYTES
// is 0, at most BYTES: decoded and made smaller once, then quality by halving from 88 down to 40.  What the benchmark of
// omni-media is measured against, written as somebody would who knows sharp.
import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

const sharp = createRequire(process.env.NODE_PATH ? process.env.NODE_PATH + '/' : import.meta.url)('sharp');
const [workers, edge, bytes] = process.argv.slice(2, 5).map(Number);
const [dir, ...files] = process.argv.slice(5);
sharp.concurrency(1);
sharp.cache(false);

const resized = (file) => sharp(file).rotate().flatten({ background: '#ffffff' })
	.resize(edge, edge, { fit: 'inside', withoutEnlargement: true });

async function fitting(file) {
	const { data, info } = await resized(file).raw().toBuffer({ resolveWithObject: true });
	const encode = (quality) => sharp(data, { raw: info }).jpeg({ quality }).toBuffer();
	let best = await encode(88);
	if (best.length <= bytes)
		return best;
	best = null;
	for (let low = 40, high = 87; low <= high;) {
		const quality = (low + high + 1) >> 1;
		const made = await encode(quality);
		if (made.length <= bytes) {
			best = made;
			low = quality + 1;
		} else {
			high = quality - 1;
		}
	}
	return best;
}

async function work() {
	for (let file; (file = files.shift());) {
		const out = path.join(dir, path.basename(file) + '.jpg');
		if (bytes)
			await writeFile(out, await fitting(file));
		else
			await resized(file).jpeg({ quality: 88 }).toFile(out);
	}
}

await Promise.all(Array.from({ length: workers }, work));
