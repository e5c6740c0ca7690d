/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <errno.h>
#include <unistd.h>
#include <vips/vips.h>

#include "image_pixels.h"
#include "image_search.h"
#include "image_strip.h"
#include "limit.h"

/* An encoding in memory, libvips's. */
struct encoded {
	void *p;
	size_t n;
};

/* One conversion under way. */
struct job {
	const struct image_recipe *recipe;
	struct image_head head;
	enum image_format format; /* that is being made */
	bool moving;              /* with all frames */
	bool palette;             /* PNG with at most 256 colours */
	uint64_t budget;
	VipsImage *full; /* in memory, at the largest size that may come out */
	struct encoded best;
	unsigned encodings;
};

static void drop(struct encoded *x)
{
	g_free(x->p);
	*x = (struct encoded){ NULL, 0 };
}

/* Hostile files make thousands of warnings. */
static void silent(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer own)
{
	(void)domain;
	(void)level;
	(void)text;
	(void)own;
}

int image_open(struct err *e)
{
	static const char *const loaders[] = { "VipsForeignLoadJpeg", "VipsForeignLoadPng",
					       "VipsForeignLoadWebp", "VipsForeignLoadNsgif",
					       "VipsForeignLoadHeif" };

	g_log_set_default_handler(silent, NULL);
	if (vips_init("omni-media"))
		return err_set(e, FAULT_OS, "image", "libvips: %s", vips_error_buffer());
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	vips_operation_block_set("VipsForeignLoad", TRUE);
	for (size_t i = 0; i < LEN(loaders); i++)
		vips_operation_block_set(loaders[i], FALSE);
	return 0;
}

void image_decoder_warm(struct str start)
{
	VipsImage *image = vips_image_new_from_buffer(start.p, start.n, "", NULL);

	if (image)
		g_object_unref(image);
	vips_error_clear();
}

/* What libvips has to say, in one line. */
static int broken(const struct job *j, struct err *e)
{
	char text[200];

	g_strlcpy(text, vips_error_buffer(), sizeof(text));
	vips_error_clear();
	g_strdelimit(g_strchomp(text), "\n\r\t", ' ');
	return err_set(e, FAULT_DATA, "image-malformed", "%s can not be decoded: %s",
		       image_mime(j->head.format), text[0] ? text : "libvips does not say why");
}

/* Read the head of ${file}, and refuse what is too large, or has lost its end: some decoders show grey instead. */
static int inspect(struct job *j, struct str file, struct err *e)
{
	if (image_head_read(file, &j->head, e) < 0 || image_head_check(&j->head, e) < 0)
		return -1;
	if (j->head.whole)
		return 0;
	return err_set(e, FAULT_DATA, "image-malformed", "%s whose end is missing",
		       image_mime(j->head.format));
}

static bool may(const struct job *j, enum image_format f)
{
	return j->recipe->formats >> f & 1;
}

static bool may_move(const struct job *j, enum image_format f)
{
	return j->recipe->moving >> f & 1;
}

static int encode(const struct job *j, VipsImage *image, unsigned quality, struct encoded *out)
{
	switch (j->format) {
	case IMAGE_JPEG:
		return vips_jpegsave_buffer(image, &out->p, &out->n, "Q", (int)quality, "strip",
					    TRUE, "optimize_coding", TRUE, NULL);
	case IMAGE_PNG:
		return vips_pngsave_buffer(image, &out->p, &out->n, "strip", TRUE, "palette",
					   (gboolean)j->palette, NULL);
	case IMAGE_WEBP:
		return vips_webpsave_buffer(image, &out->p, &out->n, "Q", (int)quality, "strip",
					    TRUE, "alpha_q", (int)quality, NULL);
	case IMAGE_GIF:
		return vips_gifsave_buffer(image, &out->p, &out->n, "strip", TRUE, NULL);
	default:
		vips_error("omni", "no encoder for %s", image_mime(j->format));
		return -1;
	}
}

static bool has_quality(const struct job *j)
{
	return j->format == IMAGE_JPEG || j->format == IMAGE_WEBP;
}

/* Search for what fits.  Return 1 with j->best and ${made}, 0 if nothing does, -1 if it can not be encoded. */
static int fit(struct job *j, struct image_made *made)
{
	const struct image_recipe *r = j->recipe;
	int high = vips_image_get_page_height(j->full), wide = vips_image_get_width(j->full);
	double smallest = r->square ? 1 : (double)r->smallest / (wide < high ? wide : high);
	struct image_search s;
	VipsImage *image = NULL;
	double scale = 0;
	bool more;

	image_search_begin(&s, j->budget, has_quality(j) ? r->least : r->best, r->best,
			   smallest < 1 ? smallest : 1);
	do {
		struct encoded x = { NULL, 0 };
		unsigned quality = s.quality;

		if (s.scale != scale) {
			if (image)
				g_object_unref(image);
			image = NULL;
			scale = s.scale;
			if (image_scale(j->full, r->square ? 1 : scale, &image) < 0) {
				if (image)
					g_object_unref(image);
				return -1;
			}
		}
		if (encode(j, image, quality, &x)) {
			g_object_unref(image);
			return -1;
		}
		j->encodings++;
		more = image_search_next(&s, x.n);
		if (s.fits && s.best_quality == quality && s.best_scale == scale && s.best_bytes == x.n) {
			drop(&j->best);
			j->best = x;
			made->width = (uint32_t)vips_image_get_width(image);
			made->height = (uint32_t)vips_image_get_page_height(image);
			made->frames = (uint32_t)vips_image_get_height(image) / made->height;
			made->quality = has_quality(j) ? quality : 0;
		} else {
			drop(&x);
		}
	} while (more);
	g_object_unref(image);
	return s.fits;
}

/* Screens and drawings have few bytes a pixel as PNG, and suffer as JPEG; photographs are the other way round. */
static bool drawn(const struct job *j, struct str file)
{
	return j->head.format == IMAGE_PNG && file.n < (uint64_t)j->head.width * j->head.height / 2;
}

/* The formats to try, best first.  Return how many. */
static unsigned order(const struct job *j, struct str file, bool clear, enum image_format list[4])
{
	unsigned n = 0;

	if (j->moving) {
		if (j->head.format == IMAGE_GIF && may_move(j, IMAGE_GIF))
			list[n++] = IMAGE_GIF;
		if (may_move(j, IMAGE_WEBP))
			list[n++] = IMAGE_WEBP;
		if (n == 0 && may_move(j, IMAGE_GIF))
			list[n++] = IMAGE_GIF;
		return n;
	}
	if ((clear || drawn(j, file)) && may(j, IMAGE_PNG))
		list[n++] = IMAGE_PNG;
	if (clear && may(j, IMAGE_WEBP))
		list[n++] = IMAGE_WEBP;
	if (may(j, IMAGE_JPEG))
		list[n++] = IMAGE_JPEG;
	if (n == 0)
		list[n++] = may(j, IMAGE_WEBP) ? IMAGE_WEBP :
			    may(j, IMAGE_PNG)  ? IMAGE_PNG :
						 IMAGE_GIF;
	return n;
}

/* True if a PNG of ${j}'s picture is worth a try: what is far above the budget only costs time. */
static int try_png(struct job *j, struct image_made *made)
{
	struct image_recipe whole = *j->recipe;
	const struct image_recipe *r = j->recipe;
	int rc;

	/* Not smaller than it is: then another format is better. */
	whole.smallest = UINT32_MAX;
	j->recipe = &whole;
	rc = fit(j, made);
	if (rc == 0) {
		j->palette = true;
		rc = fit(j, made);
		j->palette = false;
	}
	j->recipe = r;
	return rc;
}

static int try_format(struct job *j, bool last, struct image_made *made)
{
	if (j->format == IMAGE_JPEG && (image_on_white(&j->full) < 0 || image_settle(&j->full) < 0))
		return -1;
	if (j->format == IMAGE_PNG && !last)
		return try_png(j, made);
	if (j->format == IMAGE_PNG)
		j->palette = true;
	return fit(j, made);
}

static int write_out(int fd, struct str s, struct err *e)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno != EINTR)
			return err_set(e, FAULT_IO, "media-write", "writing the picture: %s",
				       strerror(errno));
		if (n > 0)
			s = str_sub(s, (size_t)n, s.n);
	}
	return 0;
}

static int prepare(struct job *j, struct str file, struct err *e)
{
	const struct image_recipe *r = j->recipe;
	const struct image_view view = { &j->head, r->width, r->height, r->square, j->moving };

	if (image_load(&view, file, &j->full))
		return broken(j, e);
	if (image_plain(&j->full) < 0 ||
	    (r->square && image_centre(&j->full, r->width, r->height, j->moving) < 0) ||
	    image_settle(&j->full) < 0)
		return broken(j, e);
	return 0;
}

/* A photograph that fits as it is: decoded to see that it is whole, but not encoded anew, which would only lose. */
static bool fits(const struct job *j, struct str file)
{
	const struct image_head *h = &j->head;
	const struct image_recipe *r = j->recipe;

	return h->format == IMAGE_JPEG && may(j, IMAGE_JPEG) && !r->square && h->turn == 1 &&
	       !h->profile && !h->spread && h->width <= r->width && h->height <= r->height &&
	       /* What is left out may be large, but an image of mostly that is none that people make. */
	       file.n / 2 <= j->budget;
}

/* Return 1 with ${made} if only what rides along had to go, 0 if there is more to do, -1 with ${e}. */
static int copy(const struct job *j, struct str file, int fd, struct image_made *made, struct err *e)
{
	struct buf b = { .max = file.n };
	int rc = 0;

	if (!fits(j, file) || !image_strip(file, &b) || b.n > j->budget)
		goto out;
	*made = (struct image_made){ .format = IMAGE_JPEG,
				     .width = j->head.width,
				     .height = j->head.height,
				     .frames = 1,
				     .bytes = b.n };
	rc = write_out(fd, buf_get(&b), e) < 0 ? -1 : 1;
out:
	buf_free(&b);
	return rc;
}

static int attempt(struct job *j, struct str file, int fd, struct image_made *made, struct err *e)
{
	enum image_format list[4];
	bool clear = image_transparent(j->full);
	unsigned n = order(j, file, clear, list);
	int rc = 0;

	if (!clear && !j->recipe->square && image_on_white(&j->full) < 0)
		return broken(j, e);
	for (unsigned i = 0; i < n && rc == 0; i++) {
		j->format = list[i];
		rc = try_format(j, i + 1 == n, made);
	}
	if (rc < 0)
		return broken(j, e);
	if (rc == 0)
		return 0;
	made->format = j->format;
	made->bytes = j->best.n;
	made->encodings = j->encodings;
	return write_out(fd, (struct str){ j->best.p, j->best.n }, e) < 0 ? -1 : 1;
}

int image_convert(struct str file, const struct image_recipe *recipe, int fd,
		  struct image_made *made, struct err *e)
{
	struct job j = { .recipe = recipe };
	int rc;

	if (inspect(&j, file, e) < 0)
		return -1;
	/* An animation that can not be made to fit is shown by its first frame. */
	j.moving = j.head.frames > 1 && recipe->moving;
	do {
		j.budget = j.moving && recipe->moving_bytes ? recipe->moving_bytes : recipe->bytes;
		rc = prepare(&j, file, e);
		if (rc == 0)
			rc = copy(&j, file, fd, made, e);
		if (rc == 0)
			rc = attempt(&j, file, fd, made, e);
		if (j.full)
			g_object_unref(j.full);
		j.full = NULL;
	} while (rc == 0 && j.moving && (j.moving = false, true));
	drop(&j.best);
	if (rc == 0)
		return err_set(e, FAULT_DATA, "media-too-large",
			       "%zu bytes of %s can not be made to fit into %llu with edges of %u pixels or more",
			       file.n, image_mime(j.head.format), (unsigned long long)j.budget,
			       recipe->smallest);
	return rc < 0 ? -1 : 0;
}

int image_thumb(struct str file, uint32_t width, uint32_t height, int fd, struct image_made *made,
		struct err *e)
{
	struct job j = { .recipe = NULL };
	const struct image_view view = { &j.head, width, height, false, false };
	int rc;

	if (inspect(&j, file, e) < 0)
		return -1;
	if (image_load(&view, file, &j.full)) {
		rc = broken(&j, e);
		goto out;
	}
	rc = image_plain(&j.full) < 0 || image_on_white(&j.full) < 0 || image_settle(&j.full) < 0 ? -1 : 0;
	if (rc < 0 || vips_image_get_bands(j.full) != 3) {
		broken(&j, e);
		rc = -1;
		goto out;
	}
	*made = (struct image_made){ .width = (uint32_t)vips_image_get_width(j.full),
				     .height = (uint32_t)vips_image_get_height(j.full),
				     .frames = 1 };
	made->bytes = (uint64_t)made->width * made->height * 3;
	rc = write_out(fd, (struct str){ vips_image_get_data(j.full), made->bytes }, e);
out:
	if (j.full)
		g_object_unref(j.full);
	return rc;
}

int image_png(struct str rows, uint32_t width, uint32_t height, int fd, struct image_made *made,
	      struct err *e)
{
	struct job j = { .format = IMAGE_PNG };
	struct encoded x = { NULL, 0 };
	int rc = -1;

	if (rows.n != (uint64_t)width * height * 3)
		return err_set(e, FAULT_DATA, "image-malformed", "rows of another size");
	j.full = vips_image_new_from_memory(rows.p, rows.n, (int)width, (int)height, 3, VIPS_FORMAT_UCHAR);
	if (!j.full || encode(&j, j.full, 0, &x)) {
		broken(&j, e);
		goto out;
	}
	*made = (struct image_made){ IMAGE_PNG, width, height, 1, x.n, 0, 1 };
	rc = write_out(fd, (struct str){ x.p, x.n }, e);
out:
	if (j.full)
		g_object_unref(j.full);
	drop(&x);
	return rc;
}
