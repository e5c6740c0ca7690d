/* SPDX-License-Identifier: MIT */
#include "image_pixels.h"

#include <math.h>
#include <vips/vips.h>

#include "limit.h"
#include "resample.h"

/* Replace ${image} by ${next}, what an operation made of it, if that went well. */
static int then(VipsImage **image, int rc, VipsImage **next)
{
	if (rc)
		return -1;
	g_object_unref(*image);
	*image = *next;
	return 0;
}

int image_settle(VipsImage **image)
{
	VipsImage *memory = vips_image_copy_memory(*image);

	return then(image, memory ? 0 : -1, &memory);
}

int image_plain(VipsImage **image)
{
	VipsImage *next;

	if (vips_image_get_interpretation(*image) != VIPS_INTERPRETATION_sRGB &&
	    then(image, vips_colourspace(*image, &next, VIPS_INTERPRETATION_sRGB, NULL), &next) < 0)
		return -1;
	if (vips_image_get_format(*image) == VIPS_FORMAT_UCHAR)
		return 0;
	return then(image, vips_cast_uchar(*image, &next, NULL), &next);
}

/* How often a decoder of JPEG can halve the edges, which costs nothing, and leave none too short. */
static int halvings(const struct image_view *v, uint32_t width, uint32_t height)
{
	uint32_t shorter = v->head->width < v->head->height ? v->head->width : v->head->height;
	unsigned shrink = 1;

	while (shrink < 8 && shorter >= 2 * shrink &&
	       (v->head->width / (2 * shrink) >= width || v->head->height / (2 * shrink) >= height))
		shrink *= 2;
	return (int)shrink;
}

static int decode(const struct image_view *v, struct str file, uint32_t width, uint32_t height,
		  VipsImage **out)
{
	if (v->head->format != IMAGE_JPEG) {
		*out = vips_image_new_from_buffer(file.p, file.n, "", "access", VIPS_ACCESS_SEQUENTIAL,
						  "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
		return *out ? 0 : -1;
	}
	return vips_jpegload_buffer((void *)(uintptr_t)file.p, file.n, out, "shrink",
				    halvings(v, width, height), "access", VIPS_ACCESS_SEQUENTIAL,
				    "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
}

static void drop_pixels(VipsImage *image, void *pixels)
{
	(void)image;
	g_free(pixels);
}

/* ${image}, in memory, with edges of at most ${width} and ${height}. */
static int reduce(VipsImage **image, uint32_t width, uint32_t height)
{
	uint32_t w = (uint32_t)vips_image_get_width(*image);
	uint32_t h = (uint32_t)vips_image_get_height(*image);
	unsigned bands = (unsigned)vips_image_get_bands(*image);
	double scale = fmin((double)width / w, (double)height / h);
	uint32_t nw = (uint32_t)lround(w * scale), nh = (uint32_t)lround(h * scale);
	VipsImage *next;
	uint8_t *pixels;

	if (scale >= 1)
		return 0;
	if (bands != 3 && bands != 4) {
		vips_error("omni", "%u bands", bands);
		return -1;
	}
	nw = nw ? nw : 1;
	nh = nh ? nh : 1;
	pixels = g_malloc((gsize)nw * nh * bands);
	resample(vips_image_get_data(*image), w, h, bands, pixels, nw, nh);
	next = vips_image_new_from_memory(pixels, (size_t)nw * nh * bands, (int)nw, (int)nh,
					  (int)bands, VIPS_FORMAT_UCHAR);
	if (!next) {
		g_free(pixels);
		return -1;
	}
	next->Type = VIPS_INTERPRETATION_sRGB;
	g_signal_connect(next, "postclose", G_CALLBACK(drop_pixels), pixels);
	return then(image, 0, &next);
}

/*
 * Most pictures: bytes of red, green and blue as they seem to be.  What libvips has for this takes a third more time: it
 * lets the decoder do half of what it could, and goes across rows one number at a time.
 */
static bool simple(const struct image_view *v)
{
	uint64_t pixels = (uint64_t)v->head->width * v->head->height;

	return !v->moving && !v->enlarge && !v->head->profile && !v->head->deep &&
	       (v->head->format == IMAGE_JPEG || pixels <= IMAGE_SIMPLE_MAX);
}

/* By what lib/image_head.h has read, which also decided how large it may be. */
static int upright(const struct image_view *v, VipsImage **image)
{
	VipsImage *next;

	if (v->head->turn == 1)
		return 0;
	vips_image_set_int(*image, VIPS_META_ORIENTATION, (int)v->head->turn);
	return then(image, vips_autorot(*image, &next, NULL), &next);
}

static int load_simple(const struct image_view *v, struct str file, VipsImage **out)
{
	bool sideways = image_sideways(v->head->turn);
	uint32_t w = sideways ? v->height : v->width, h = sideways ? v->width : v->height;

	if (decode(v, file, w, h, out) || image_plain(out) < 0 || image_settle(out) < 0 ||
	    reduce(out, w, h) < 0)
		return -1;
	return upright(v, out);
}

int image_load(const struct image_view *v, struct str file, VipsImage **out)
{
	VipsSize size = v->enlarge ? VIPS_SIZE_BOTH : VIPS_SIZE_DOWN;
	/* Asked for it where there is no profile, libvips takes another than sRGB for what came in. */
	const char *profile = v->head->profile ? "srgb" : NULL;
	bool sideways = image_sideways(v->head->turn);
	int rc;

	if (simple(v))
		return load_simple(v, file, out);
	rc = vips_thumbnail_buffer((void *)(uintptr_t)file.p, file.n, out,
				   (int)(sideways ? v->height : v->width), "height",
				   (int)(sideways ? v->width : v->height), "size", size, "no_rotate",
				   TRUE, "export_profile", profile, "fail_on", VIPS_FAIL_ON_TRUNCATED,
				   "option_string", v->moving ? "[n=-1]" : "", NULL);
	/* Turning goes through a picture in another order than it was decoded in. */
	if (rc < 0 || (v->head->turn != 1 && image_settle(out) < 0))
		return -1;
	return upright(v, out);
}

int image_on_white(VipsImage **image)
{
	const double values[] = { 255, 255, 255 };
	VipsArrayDouble *white;
	VipsImage *next;
	int rc;

	if (!vips_image_hasalpha(*image))
		return 0;
	white = vips_array_double_new(values, 3);
	rc = vips_flatten(*image, &next, "background", white, NULL);
	vips_area_unref(VIPS_AREA(white));
	return then(image, rc, &next);
}

bool image_transparent(VipsImage *image)
{
	VipsImage *alpha = NULL;
	double least = 255;

	if (!vips_image_hasalpha(image) ||
	    vips_extract_band(image, &alpha, vips_image_get_bands(image) - 1, NULL))
		return false;
	if (vips_min(alpha, &least, NULL))
		least = 0;
	g_object_unref(alpha);
	return least < 255;
}

/* One frame in the middle of a transparent square. */
static int centre(VipsImage *frame, VipsImage **out, uint32_t width, uint32_t height)
{
	const double values[] = { 0, 0, 0, 0 };
	VipsArrayDouble *nothing = vips_array_double_new(values, 4);
	int rc = vips_gravity(frame, out, VIPS_COMPASS_DIRECTION_CENTRE, (int)width, (int)height,
			      "extend", VIPS_EXTEND_BACKGROUND, "background", nothing, NULL);

	vips_area_unref(VIPS_AREA(nothing));
	return rc;
}

/* The frames of an animation lie below each other. */
static int centre_all(VipsImage *image, VipsImage **out, uint32_t width, uint32_t height)
{
	int high = vips_image_get_page_height(image), n = vips_image_get_height(image) / high, rc = -1;
	VipsImage **frames = g_new0(VipsImage *, (gsize)n), *joined = NULL;
	int i;

	for (i = 0; i < n; i++) {
		VipsImage *frame;

		if (vips_crop(image, &frame, 0, i * high, vips_image_get_width(image), high, NULL))
			goto out;
		rc = centre(frame, &frames[i], width, height);
		g_object_unref(frame);
		if (rc)
			goto out;
	}
	rc = vips_arrayjoin(frames, &joined, n, "across", 1, NULL) || vips_copy(joined, out, NULL);
	if (rc == 0)
		vips_image_set_int(*out, VIPS_META_PAGE_HEIGHT, (int)height);
out:
	for (i = 0; i < n; i++)
		if (frames[i])
			g_object_unref(frames[i]);
	if (joined)
		g_object_unref(joined);
	g_free(frames);
	return rc;
}

int image_centre(VipsImage **image, uint32_t width, uint32_t height, bool moving)
{
	VipsImage *next;

	if (!vips_image_hasalpha(*image) && then(image, vips_addalpha(*image, &next, NULL), &next) < 0)
		return -1;
	if (moving)
		return then(image, centre_all(*image, &next, width, height), &next);
	return then(image, centre(*image, &next, width, height), &next);
}

int image_scale(VipsImage *image, double scale, VipsImage **out)
{
	int high = vips_image_get_page_height(image), wide = vips_image_get_width(image);
	int pages = vips_image_get_height(image) / high, w, h;
	VipsImage *next;

	if (scale >= 1) {
		*out = image;
		g_object_ref(*out);
		return 0;
	}
	w = (int)lround(wide * scale) > 1 ? (int)lround(wide * scale) : 1;
	h = (int)lround(high * scale) > 1 ? (int)lround(high * scale) : 1;
	if (vips_resize(image, &next, (double)w / wide, "vscale",
			(double)(h * pages) / (high * pages), NULL))
		return -1;
	if (pages > 1)
		vips_image_set_int(next, VIPS_META_PAGE_HEIGHT, h);
	*out = next;
	return image_settle(out);
}
